/* engine/formats/parquet/snappy.isa.c - raw snappy, see kernels.h; compiled once per instruction set.
 *
 * A stream is literals and copies of what was written before, both short in columns; so the cost is the chain
 * from one tag to the next, branches that cannot be foreseen, and stores that are read again at once.
 *  - Pages of eight-byte numbers: a literal of the one to four low bytes that differ, then a copy of the high
 * ones. Both tags are taken out of one 8-byte load; the number before is loaded whole and stored whole, so
 * that the load is forwarded from one store.
 *  - Text: mostly copies after copies. Which of the two usual kinds of copy it is decides no branch.
 *  - Moves are of fixed size and go past the end: buffers have slack, and both loops stop before the end.
 * Whatever is unusual, and the end of the stream, goes one tag at a time with every check (snappy_step). */
#include "engine/formats/parquet/kernels.h"

#include <string.h>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

static inline uint32_t snappy_load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

static inline void snappy_move16(uint8_t *to, const uint8_t *from)
{
    uint64_t v[2];
    memcpy(v, from, 16);
    memcpy(to, v, 16);
}

/* A copy whose source overlaps its target: the offset bytes before `to` repeat. len <= 64. */
static void snappy_repeat(uint8_t *to, size_t offset, size_t len)
{
#if defined(__SSSE3__)
    /* masks[o][i] = i mod o */
    static const uint8_t masks[16][16] = {
        {0},
        {0},
        {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
        {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0},
        {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3},
        {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0},
        {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3},
        {0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1},
        {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1},
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0},
    };
    if (offset < 16) {
        const __m128i mask = _mm_loadu_si128((const __m128i *)masks[offset]);
        const __m128i pattern = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(to - offset)), mask);
        /* Later pieces begin at a whole number of repeats. */
        const size_t step = 16 - 16 % offset;
        for (size_t done = 0; done < len; done += step) _mm_storeu_si128((__m128i *)(to + done), pattern);
        return;
    }
#endif
    for (size_t i = 0; i < len; i++) to[i] = *(to + i - offset);
}

/* A copy of the two usual kinds, from the bytes at its tag: kind 1 has three bits of length and eleven of
 * offset in two bytes, kind 2 six and sixteen in three. Masks in place of conditions: compilers make branches
 * of those. */
typedef struct snappy_copy {
    size_t len, offset;
    uint32_t small; /* 1: kind 1 */
} snappy_copy;

static inline snappy_copy snappy_decode_copy(uint32_t tag)
{
    const uint32_t small = tag & 1, if_small = 0 - small;
    const uint32_t wide = (tag >> 8) & (0xffff ^ (if_small & 0xff00));
    return (snappy_copy){.len = ((tag >> 2) & (63 ^ (if_small & 56))) + 1 + 3 * small,
                         .offset = wide | (if_small & (tag & 0xe0) << 3),
                         .small = small};
}

/* What is left of both sides. */
typedef struct snappy_state {
    const uint8_t *ip, *end;
    uint8_t *to, *op, *op_end;
} snappy_state;

/* One literal or copy, with all checks. */
static bool snappy_step(snappy_state *s)
{
    const uint32_t tag = *s->ip++;
    const size_t room = (size_t)(s->op_end - s->op);
    size_t len = (tag >> 2) + 1, offset;
    switch (tag & 3) {
    case 0:
        if (len > 60) { /* the length is in the next one to four bytes */
            const size_t extra = len - 60;
            len = (size_t)(snappy_load32(s->ip) & (UINT32_MAX >> (32 - 8 * extra))) + 1;
            s->ip += extra;
        }
        if (s->ip > s->end || len > (size_t)(s->end - s->ip) || len > room) return false;
        memcpy(s->op, s->ip, len);
        s->ip += len;
        s->op += len;
        return true;
    case 1:
        len = ((tag >> 2) & 7) + 4;
        offset = (size_t)(tag >> 5) << 8 | *s->ip;
        s->ip += 1;
        break;
    case 2:
        offset = snappy_load32(s->ip) & 0xffff;
        s->ip += 2;
        break;
    default:
        offset = snappy_load32(s->ip);
        s->ip += 4;
        break;
    }
    if (offset - 1 >= (size_t)(s->op - s->to) || len > room) return false;
    if (offset >= len) {
        memcpy(s->op, s->op - offset, len);
    } else {
        snappy_repeat(s->op, offset, len);
    }
    s->op += len;
    return true;
}

enum {
    SNAPPY_IN_MARGIN = 32,  /* a round of either loop reads at most 1 + 16 bytes and a tag of 4 */
    SNAPPY_OUT_MARGIN = 96, /* and writes at most 16 + 64, in pieces of 16 */
    SNAPPY_SHORT_RUN_BYTES = 64,
    SNAPPY_SHORT_RUNS_MAX = 64
};

/* Sorted numbers: their pairs are a literal of one byte and a copy of the other seven from the number before,
 * four bytes each, of which only the literal differs. Where they begin and what they keep is known without
 * decoding: nothing waits for the pair before. */
static const uint64_t snappy_next_mask = 0xffff00ffffff00ff, snappy_next_two = 0x080d0000080d0000;

static inline void snappy_sorted(const uint8_t **ip_at, const uint8_t *ip_end, uint8_t **op_at,
                                 uint8_t *op_end)
{
    const uint8_t *ip = *ip_at;
    uint8_t *op = *op_at;
    uint64_t before, word;
    memcpy(&before, op - 8, 8);
    before &= ~(uint64_t)0xff;
    for (; ip < ip_end && op < op_end; ip += 8, op += 16) {
        memcpy(&word, ip, 8);
        if ((word & snappy_next_mask) != snappy_next_two) break;
        const uint64_t two[2] = {before | (word >> 8 & 0xff), before | (word >> 40 & 0xff)};
        memcpy(op, two, 16);
    }
    *ip_at = ip;
    *op_at = op;
}

/* Pairs of a literal of at most four bytes and a copy, together eight bytes. Ends at anything else. */
static void snappy_numbers(snappy_state *s)
{
    const uint8_t *ip = s->ip, *const ip_end = s->end - SNAPPY_IN_MARGIN;
    uint8_t *op = s->op, *const op_end = s->op_end - SNAPPY_OUT_MARGIN;
    /* Here only: what interrupts sorted numbers ends the loop below too, and it is spared the question. */
    if (op - s->to >= 8) snappy_sorted(&ip, ip_end, &op, op_end);
    while (ip < ip_end && op < op_end) {
        uint64_t word;
        memcpy(&word, ip, 8);
        const uint32_t first = word & 0xff; /* (literal length - 1) * 4 */
        if (WEFT_UNLIKELY((first & 3) != 0 || first > 3 * 4)) break;
        const uint32_t tag = (uint32_t)(word >> (2 * first + 16));
        const size_t literal = (first >> 2) + 1;
        const snappy_copy copy = snappy_decode_copy(tag);
        const bool is_copy = ((tag + 1) & 2) != 0; /* kinds 1 and 2 */
        if (WEFT_UNLIKELY(!is_copy || literal + copy.len != 8 || copy.offset < 8)) break;
        if (WEFT_UNLIKELY(copy.offset > (size_t)(op - s->to))) break;
        uint64_t before; /* the number that the copy is from; of it the low bytes are replaced */
        memcpy(&before, op - copy.offset, 8);
        const uint64_t low_bytes = ((uint64_t)1 << (8 * literal)) - 1;
        const uint64_t number = ((word >> 8) & low_bytes) | (before & ~low_bytes);
        memcpy(op, &number, 8);
        ip += literal + 4 - copy.small;
        op += 8;
    }
    s->ip = ip;
    s->op = op;
}

/* Copies, and literals of at most 16 bytes. Ends at anything else. */
static bool snappy_text(snappy_state *s)
{
    const uint8_t *ip = s->ip, *const ip_end = s->end - SNAPPY_IN_MARGIN;
    uint8_t *op = s->op, *const op_end = s->op_end - SNAPPY_OUT_MARGIN;
    bool good = true;
    while (ip < ip_end && op < op_end) {
        const uint32_t tag = snappy_load32(ip);
        if ((tag & 3) == 0) {
            const size_t literal = ((tag & 0xff) >> 2) + 1;
            if (WEFT_UNLIKELY(literal > 16)) break;
            snappy_move16(op, ip + 1);
            ip += literal + 1;
            op += literal;
            continue;
        }
        if (WEFT_UNLIKELY((tag & 3) == 3)) break;
        const snappy_copy copy = snappy_decode_copy(tag);
        if (WEFT_UNLIKELY(copy.offset - 1 >= (size_t)(op - s->to))) {
            good = false;
            break;
        }
        ip += 3 - copy.small;
        const uint8_t *source = op - copy.offset;
        if (WEFT_LIKELY(copy.offset >= 16)) {
            snappy_move16(op, source);
            for (size_t at = 16; WEFT_UNLIKELY(at < copy.len); at += 16) snappy_move16(op + at, source + at);
        } else {
            snappy_repeat(op, copy.offset, copy.len);
        }
        op += copy.len;
    }
    s->ip = ip;
    s->op = op;
    return good;
}

bool WEFT_CAT(weft_pq_snappy_, WEFT_ISA)(const uint8_t *from, int64_t from_bytes, uint8_t *to,
                                         int64_t to_bytes, bool numbers)
{
    snappy_state s = {.ip = from, .end = from + from_bytes, .to = to, .op = to, .op_end = to + to_bytes};
    uint64_t told = 0;
    for (int shift = 0;; shift += 7) { /* the length comes first */
        if (s.ip >= s.end || shift > 28) return false;
        told |= (uint64_t)(*s.ip & 0x7f) << shift;
        if ((*s.ip++ & 0x80) == 0) break;
    }
    if (told != (uint64_t)to_bytes) return false;
    int short_runs = 0;
    while (s.ip < s.end) {
        if (s.end - s.ip > SNAPPY_IN_MARGIN && s.op_end - s.op > SNAPPY_OUT_MARGIN) {
            if (numbers) {
                const uint8_t *before = s.op;
                snappy_numbers(&s);
                /* Numbers that do not look like that are better off as text. A few short runs between two
                 * long ones are usual: where the second byte of sorted numbers changes. */
                const bool is_short = s.op - before < SNAPPY_SHORT_RUN_BYTES;
                short_runs = is_short ? short_runs + 1 : short_runs / 2;
                numbers = short_runs < SNAPPY_SHORT_RUNS_MAX;
            } else if (!snappy_text(&s)) {
                return false;
            }
        }
        if (s.ip < s.end && !snappy_step(&s)) return false;
    }
    return s.ip == s.end && s.op == s.op_end;
}
