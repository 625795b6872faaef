/* engine/expr/sketch/hll.c - see hll.h. The layout is that of DataSketches' PreambleUtil for HLL:
 *
 *     0 preamble ints  1 serial version  2 family  3 lg k  4 lg of the set's slots  5 flags
 *     6 coupons of a list, or the least register  7 mode: list, set or registers; bits 2-3 the register's
 * type list: 8 coupons    set: 8 how many, 12 slots registers: 8 HIP estimate  16 and 24 the sum of 2^-rank,
 * of ranks below 32 and above 32 registers at the least  36 exceptions  40 registers, then exceptions of
 * HLL_4 */
#include "engine/expr/sketch/hll.h"

#include <math.h>
#include <string.h>

#include "engine/expr/sketch/hll_estimate.h"
#include "engine/expr/sketch/murmur128.h"

enum {
    HLL_LIST = 0,
    HLL_SET = 1,
    HLL_REGISTERS = 2,
    HLL_TYPE_4 = 0,
    HLL_TYPE_6 = 1,
    HLL_TYPE_8 = 2,
    HLL_LIST_AT = 8,
    HLL_SET_COUNT = 8,
    HLL_SET_AT = 12,
    HLL_HIP = 8,
    HLL_SUM_LOW = 16,
    HLL_SUM_HIGH = 24,
    HLL_AT_LEAST = 32,
    HLL_EXCEPTIONS = 36,
    HLL_AT = 40,
    HLL_RANK_MOST = 63, /* a register has six bits */
    HLL_EMPTY = 4,
    HLL_COMPACT = 8,
    HLL_UNORDERED = 16, /* a union: HIP does not hold */
    HLL_LIST_SLOTS = 8,
    HLL_LIST_LG = 3,
    HLL_SET_LG = 5,
    HLL_KEY_BITS = 26
};

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}
static void put32(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }
static double get_double(const uint8_t *at)
{
    double value;
    memcpy(&value, at, 8);
    return value;
}
static void put_double(uint8_t *at, double value) { memcpy(at, &value, 8); }

static int mode_of(const uint8_t *sketch) { return sketch[7] & 3; }
static int type_of(const uint8_t *sketch) { return sketch[7] >> 2 & 3; }
static bool is_compact(const uint8_t *sketch) { return (sketch[5] & HLL_COMPACT) != 0; }
int weft_hll_lg_k(const uint8_t *sketch) { return sketch[3]; }

static size_t registers_bytes(int type, int lg_k)
{
    const size_t k = (size_t)1 << lg_k;
    return type == HLL_TYPE_8 ? k : type == HLL_TYPE_6 ? k * 3 / 4 + 1 : k / 2;
}

/* ---- bytes from outside ---- */

/* Where coupons begin, in how many slots, and how many there are. */
typedef struct coupons {
    const uint8_t *at;
    uint32_t slots, count;
} coupons;

static coupons coupons_of(const uint8_t *sketch)
{
    const bool list = mode_of(sketch) == HLL_LIST;
    coupons c = {.at = sketch + (list ? HLL_LIST_AT : HLL_SET_AT),
                 .count = list ? sketch[6] : get32(sketch + HLL_SET_COUNT)};
    c.slots = is_compact(sketch) || list ? c.count : (uint32_t)1 << sketch[4];
    return c;
}

static bool coupons_valid(const uint8_t *bytes, size_t len)
{
    const bool list = mode_of(bytes) == HLL_LIST;
    const int lg_k = weft_hll_lg_k(bytes);
    if (bytes[0] != (list ? 2 : 3) || (!list && len < HLL_SET_AT)) return false;
    if (!list && (lg_k < 8 || (!is_compact(bytes) && (bytes[4] < HLL_SET_LG || bytes[4] > lg_k - 3))))
        return false;
    const coupons c = coupons_of(bytes);
    if (list && c.count > HLL_LIST_SLOTS) return false;
    if (!list && c.count > ((uint32_t)1 << (lg_k - 3))) return false;
    if ((size_t)(c.at - bytes) + (size_t)c.slots * 4 > len) return false;
    uint32_t found = 0;
    for (uint32_t k = 0; k < c.slots; k++) found += get32(c.at + 4 * (size_t)k) != 0;
    return found == c.count; /* one slot is always free then: lists are no longer than 8, sets 3/4 full */
}

bool weft_hll_valid(const uint8_t *bytes, size_t len)
{
    if (len < 8 || bytes[1] != 1 || bytes[2] != 7) return false;
    const int lg_k = bytes[3], type = type_of(bytes);
    if (lg_k < WEFT_HLL_LG_K_MIN || lg_k > WEFT_HLL_LG_K_MAX || type > HLL_TYPE_8) return false;
    if (mode_of(bytes) == HLL_LIST || mode_of(bytes) == HLL_SET) return coupons_valid(bytes, len);
    if (mode_of(bytes) != HLL_REGISTERS || bytes[0] != 10) return false;
    size_t need = HLL_AT + registers_bytes(type, lg_k);
    if (len < need || bytes[6] > HLL_RANK_MOST) return false;
    for (size_t i = HLL_AT; type == HLL_TYPE_8 && i < need; i++)
        if (bytes[i] > HLL_RANK_MOST) return false;
    if (type != HLL_TYPE_4) return true;
    if (bytes[6] > HLL_RANK_MOST - 15) return false; /* a register is up to 15 above the least */
    const uint32_t count = get32(bytes + HLL_EXCEPTIONS);
    if (count > (uint32_t)1 << lg_k || (count > 0 && !is_compact(bytes) && bytes[4] > lg_k)) return false;
    if (count > 0) need += 4 * (is_compact(bytes) ? (size_t)count : (size_t)1 << bytes[4]);
    return len >= need;
}

/* The rank in register i, of any type. */
static uint8_t register_at(const uint8_t *sketch, uint32_t i)
{
    const int lg_k = weft_hll_lg_k(sketch);
    const uint8_t *at = sketch + HLL_AT;
    if (type_of(sketch) == HLL_TYPE_8) return at[i] & 63;
    if (type_of(sketch) == HLL_TYPE_6) {
        const size_t bit = (size_t)i * 6;
        const uint32_t both = at[bit / 8] | (uint32_t)at[bit / 8 + 1] << 8;
        return (uint8_t)(both >> (bit % 8) & 63);
    }
    const uint8_t nibble = (uint8_t)(at[i / 2] >> (i % 2 * 4) & 15);
    if (nibble < 15) return (uint8_t)(nibble + sketch[6]);
    const uint8_t *exceptions = at + registers_bytes(HLL_TYPE_4, lg_k);
    const uint32_t count = get32(sketch + HLL_EXCEPTIONS);
    const uint32_t slots = count == 0 ? 0 : is_compact(sketch) ? count : (uint32_t)1 << sketch[4];
    for (uint32_t k = 0; k < slots; k++) {
        const uint32_t pair = get32(exceptions + 4 * (size_t)k);
        if (pair != 0 && (pair & (((uint32_t)1 << lg_k) - 1)) == i) return (uint8_t)(pair >> HLL_KEY_BITS);
    }
    return 15;
}

/* ---- sizes ---- */

size_t weft_hll_bytes(const uint8_t *sketch)
{
    if (mode_of(sketch) == HLL_LIST) return HLL_LIST_AT + 4 * HLL_LIST_SLOTS;
    if (mode_of(sketch) == HLL_SET) return HLL_SET_AT + ((size_t)4 << sketch[4]);
    return HLL_AT + ((size_t)1 << weft_hll_lg_k(sketch));
}

size_t weft_hll_room_most(int lg_k)
{
    const size_t set = lg_k < 8 ? 4 * HLL_LIST_SLOTS : (size_t)4 << (lg_k - 3);
    return HLL_AT + ((size_t)1 << lg_k) + set; /* coupons lie behind the registers that they become */
}

size_t weft_hll_room(const uint8_t *sketch, int lg_k, uint32_t updates)
{
    if (sketch != NULL && mode_of(sketch) == HLL_REGISTERS) return weft_hll_bytes(sketch);
    const uint64_t count = (sketch == NULL ? 0 : coupons_of(sketch).count) + (uint64_t)updates;
    if (count < HLL_LIST_SLOTS) return HLL_LIST_AT + 4 * HLL_LIST_SLOTS;
    if (lg_k < 8) return weft_hll_room_most(lg_k);
    int lg = HLL_SET_LG;
    while (lg <= lg_k - 3 && 4 * count > (uint64_t)3 << lg) lg++;
    if (lg > lg_k - 3) return weft_hll_room_most(lg_k);
    return HLL_SET_AT + ((size_t)4 << lg) + ((size_t)4 << lg); /* the smaller set lies behind */
}

/* ---- registers ---- */

static double inverse_power(int rank) { return ldexp(1.0, -rank); }

static void registers_start(uint8_t *sketch, int lg_k)
{
    memset(sketch, 0, HLL_AT + ((size_t)1 << lg_k));
    sketch[0] = 10;
    sketch[1] = 1;
    sketch[2] = 7;
    sketch[3] = (uint8_t)lg_k;
    sketch[7] = HLL_REGISTERS | HLL_TYPE_8 << 2;
    put_double(sketch + HLL_SUM_LOW, (double)((int64_t)1 << lg_k));
    put32(sketch + HLL_AT_LEAST, (uint32_t)1 << lg_k);
}

static void registers_take(uint8_t *sketch, uint32_t coupon)
{
    const int lg_k = weft_hll_lg_k(sketch), rank = (int)(coupon >> HLL_KEY_BITS);
    uint8_t *at = sketch + HLL_AT + (coupon & (((uint32_t)1 << lg_k) - 1));
    const int old = *at;
    if (rank <= old) return;
    *at = (uint8_t)rank;
    const double sum = get_double(sketch + HLL_SUM_LOW) + get_double(sketch + HLL_SUM_HIGH);
    put_double(sketch + HLL_HIP, get_double(sketch + HLL_HIP) + (double)((int64_t)1 << lg_k) / sum);
    uint8_t *from = sketch + (old < 32 ? HLL_SUM_LOW : HLL_SUM_HIGH);
    put_double(from, get_double(from) - inverse_power(old));
    uint8_t *to = sketch + (rank < 32 ? HLL_SUM_LOW : HLL_SUM_HIGH);
    put_double(to, get_double(to) + inverse_power(rank));
    if (old == 0) put32(sketch + HLL_AT_LEAST, get32(sketch + HLL_AT_LEAST) - 1);
}

/* Sums and the count of empty registers, after registers were written without them. */
static void registers_rebuild(uint8_t *sketch)
{
    const uint32_t k = (uint32_t)1 << weft_hll_lg_k(sketch);
    double low = k, high = 0;
    uint32_t least = 64, at_least = 0;
    for (uint32_t i = 0; i < k; i++) {
        const uint32_t rank = sketch[HLL_AT + i];
        if (rank > 0 && rank < 32) low += inverse_power((int)rank) - 1.0;
        if (rank >= 32) high += inverse_power((int)rank) - 1.0;
        if (rank < least) {
            least = rank;
            at_least = 0;
        }
        at_least += rank == least;
    }
    put_double(sketch + HLL_SUM_LOW, low);
    put_double(sketch + HLL_SUM_HIGH, high);
    sketch[6] = (uint8_t)least;
    put32(sketch + HLL_AT_LEAST, at_least);
}

static void registers_unordered(uint8_t *sketch)
{
    sketch[5] |= HLL_UNORDERED;
    put_double(sketch + HLL_HIP, 0);
}

/* ---- coupons ---- */

void weft_hll_start(uint8_t *sketch, int lg_k)
{
    memset(sketch, 0, HLL_LIST_AT + 4 * HLL_LIST_SLOTS);
    sketch[0] = 2;
    sketch[1] = 1;
    sketch[2] = 7;
    sketch[3] = (uint8_t)lg_k;
    sketch[4] = HLL_LIST_LG;
    sketch[5] = HLL_EMPTY;
    sketch[7] = HLL_LIST | HLL_TYPE_8 << 2;
}

/* False: it is there already. */
static bool set_insert(uint8_t *slots, int lg, uint32_t coupon)
{
    const uint32_t mask = ((uint32_t)1 << lg) - 1;
    const uint32_t stride = (coupon & (((uint32_t)1 << HLL_KEY_BITS) - 1)) >> lg | 1;
    for (uint32_t at = coupon & mask;; at = (at + stride) & mask) {
        const uint32_t held = get32(slots + 4 * (size_t)at);
        if (held == coupon) return false;
        if (held != 0) continue;
        put32(slots + 4 * (size_t)at, coupon);
        return true;
    }
}

/* The coupons are moved to the end of the buffer. */
static coupons coupons_aside(uint8_t *sketch, size_t room)
{
    coupons c = coupons_of(sketch);
    const size_t bytes = 4 * (size_t)c.slots;
    memmove(sketch + room - bytes, c.at, bytes);
    c.at = sketch + room - bytes;
    return c;
}

static void set_start(uint8_t *sketch, int lg)
{
    memset(sketch + 4, 0, HLL_SET_AT - 4 + ((size_t)4 << lg));
    sketch[0] = 3;
    sketch[4] = (uint8_t)lg;
    sketch[7] = HLL_SET | HLL_TYPE_8 << 2;
}

static void to_set(uint8_t *sketch, size_t room, int lg)
{
    const coupons c = coupons_aside(sketch, room);
    set_start(sketch, lg);
    for (uint32_t k = 0; k < c.slots; k++) {
        const uint32_t coupon = get32(c.at + 4 * (size_t)k);
        if (coupon != 0) (void)set_insert(sketch + HLL_SET_AT, lg, coupon);
    }
    put32(sketch + HLL_SET_COUNT, c.count);
}

static void to_registers(uint8_t *sketch, size_t room)
{
    const double estimate = weft_hll_coupon_estimate(coupons_of(sketch).count);
    const coupons c = coupons_aside(sketch, room);
    registers_start(sketch, weft_hll_lg_k(sketch));
    for (uint32_t k = 0; k < c.slots; k++) {
        const uint32_t coupon = get32(c.at + 4 * (size_t)k);
        if (coupon != 0) registers_take(sketch, coupon);
    }
    put_double(sketch + HLL_HIP, estimate);
}

static void list_take(uint8_t *sketch, size_t room, uint32_t coupon)
{
    const uint8_t count = sketch[6];
    for (uint32_t k = 0; k < count; k++)
        if (get32(sketch + HLL_LIST_AT + 4 * (size_t)k) == coupon) return;
    put32(sketch + HLL_LIST_AT + 4 * (size_t)count, coupon);
    sketch[6] = (uint8_t)(count + 1);
    sketch[5] &= (uint8_t)~HLL_EMPTY;
    if (sketch[6] < HLL_LIST_SLOTS) return;
    if (weft_hll_lg_k(sketch) < 8)
        to_registers(sketch, room);
    else
        to_set(sketch, room, HLL_SET_LG);
}

static void set_take(uint8_t *sketch, size_t room, uint32_t coupon)
{
    const int lg = sketch[4];
    if (!set_insert(sketch + HLL_SET_AT, lg, coupon)) return;
    const uint32_t count = get32(sketch + HLL_SET_COUNT) + 1;
    put32(sketch + HLL_SET_COUNT, count);
    if (4 * (uint64_t)count <= (uint64_t)3 << lg) return;
    if (lg == weft_hll_lg_k(sketch) - 3)
        to_registers(sketch, room);
    else
        to_set(sketch, room, lg + 1);
}

static void take(uint8_t *sketch, size_t room, uint32_t coupon)
{
    if (mode_of(sketch) == HLL_LIST)
        list_take(sketch, room, coupon);
    else if (mode_of(sketch) == HLL_SET)
        set_take(sketch, room, coupon);
    else
        registers_take(sketch, coupon);
}

void weft_hll_update(uint8_t *sketch, size_t room, const void *value, size_t len)
{
    uint64_t hash[2];
    weft_murmur128(value, len, WEFT_SKETCH_SEED, hash);
    const int zeros = hash[1] == 0 ? 64 : __builtin_clzll(hash[1]);
    const uint32_t rank = (uint32_t)(zeros > 62 ? 62 : zeros) + 1;
    take(sketch, room, rank << HLL_KEY_BITS | (uint32_t)(hash[0] & (((uint64_t)1 << HLL_KEY_BITS) - 1)));
}

/* ---- unions ---- */

/* The sketch, a list or set, becomes the registers of `other` (2^lg of them, folded), and takes its own
 * coupons again. */
static void replace_by(uint8_t *sketch, size_t room, int lg, const uint8_t *other)
{
    const coupons mine = coupons_aside(sketch, room);
    const uint32_t k = (uint32_t)1 << weft_hll_lg_k(other), mask = ((uint32_t)1 << lg) - 1;
    const bool same = type_of(other) == HLL_TYPE_8 && lg == weft_hll_lg_k(other);
    registers_start(sketch, lg);
    if (same) {
        memcpy(sketch, other, HLL_AT + (size_t)k);
        sketch[5] &= HLL_UNORDERED;
        sketch[4] = 0;
    } else {
        for (uint32_t i = 0; i < k; i++) {
            const uint32_t rank = register_at(other, i);
            if (rank > 0) registers_take(sketch, rank << HLL_KEY_BITS | (i & mask));
        }
        put_double(sketch + HLL_HIP, get_double(other + HLL_HIP));
        if ((other[5] & HLL_UNORDERED) != 0) registers_unordered(sketch);
    }
    for (uint32_t c = 0; c < mine.slots; c++) {
        const uint32_t coupon = get32(mine.at + 4 * (size_t)c);
        if (coupon != 0) registers_take(sketch, coupon);
    }
}

/* Fold the registers of a sketch to 2^lg. */
static void fold(uint8_t *sketch, int lg)
{
    const uint32_t k = (uint32_t)1 << weft_hll_lg_k(sketch), mask = ((uint32_t)1 << lg) - 1;
    uint8_t *at = sketch + HLL_AT;
    for (uint32_t i = mask + 1; i < k; i++)
        if (at[i & mask] < at[i]) at[i & mask] = at[i];
    sketch[3] = (uint8_t)lg;
}

void weft_hll_merge(uint8_t *sketch, size_t room, int lg_most, const uint8_t *other, size_t len)
{
    (void)len;
    const int lg_other = weft_hll_lg_k(other);
    if (mode_of(other) != HLL_REGISTERS) {
        const coupons c = coupons_of(other);
        const bool empty = mode_of(sketch) == HLL_LIST && sketch[6] == 0;
        if (mode_of(other) == HLL_SET && empty && lg_other == weft_hll_lg_k(sketch) && !is_compact(other)) {
            memcpy(sketch, other, weft_hll_bytes(other)); /* with its slots as they are */
            sketch[7] = HLL_SET | HLL_TYPE_8 << 2;
            return;
        }
        for (uint32_t k = 0; k < c.slots; k++) {
            const uint32_t coupon = get32(c.at + 4 * (size_t)k);
            if (coupon != 0) take(sketch, room, coupon);
        }
        return;
    }
    if (mode_of(sketch) != HLL_REGISTERS) {
        replace_by(sketch, room, lg_other > lg_most ? lg_most : lg_other, other);
        return;
    }
    if (lg_other < weft_hll_lg_k(sketch)) fold(sketch, lg_other);
    const uint32_t mask = ((uint32_t)1 << weft_hll_lg_k(sketch)) - 1;
    for (uint32_t i = 0; i < (uint32_t)1 << lg_other; i++) {
        const uint8_t rank = register_at(other, i);
        uint8_t *at = sketch + HLL_AT + (i & mask);
        if (*at < rank) *at = rank;
    }
    registers_rebuild(sketch);
    registers_unordered(sketch);
}

double weft_hll_estimate(const uint8_t *bytes, size_t len)
{
    (void)len;
    if (mode_of(bytes) != HLL_REGISTERS) return weft_hll_coupon_estimate(coupons_of(bytes).count);
    if ((bytes[5] & HLL_UNORDERED) == 0) return get_double(bytes + HLL_HIP);
    return weft_hll_composite_estimate(weft_hll_lg_k(bytes),
                                       get_double(bytes + HLL_SUM_LOW) + get_double(bytes + HLL_SUM_HIGH),
                                       bytes[6] == 0 ? get32(bytes + HLL_AT_LEAST) : 0);
}
