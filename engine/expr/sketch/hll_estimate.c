/* engine/expr/sketch/hll_estimate.c - see hll_estimate.h. Both estimators interpolate in tables, by cubic
 * polynomials through four points, as DataSketches does. */
#include "engine/expr/sketch/hll_estimate.h"

#include <math.h>

#include "engine/expr/sketch/hll.h"
#include "engine/expr/sketch/hll_table.h"

enum { COUPON_POINTS = 40, HARMONIC_EXACT = 25 };

/* Coupons of 26 bits that are different, and how many values give so many. */
static const double coupon_x[COUPON_POINTS] = {
    0,       1,       20,      400,     8000,    160000,  300000,  600000,  900000,  1200000,
    1500000, 1800000, 2100000, 2400000, 2700000, 3000000, 3300000, 3600000, 3900000, 4200000,
    4500000, 4800000, 5100000, 5400000, 5700000, 6000000, 6300000, 6600000, 6900000, 7200000,
    7500000, 7800000, 8100000, 8400000, 8700000, 9000000, 9300000, 9600000, 9900000, 10200000};
static const double coupon_y[COUPON_POINTS] = {
    0.0000000000000000,       1.0000000000000000,       20.0000009437402611,       400.0003963713384110,
    8000.1589294602090376,    160063.6067763759638183,  300223.7071597663452849,   600895.5933856170158833,
    902016.8065120954997838,  1203588.4983199508860707, 1505611.8245524743106216,  1808087.9449319066479802,
    2111018.0231759352609515, 2414403.2270142501220107, 2718244.7282051891088486,  3022543.7025524540804327,
    3327301.3299219091422856, 3632518.7942584538832307, 3938197.2836029687896371,  4244337.9901093561202288,
    4550942.1100616492331028, 4858010.8438911894336343, 5165545.3961938973516226,  5473546.9757476449012756,
    5782016.7955296505242586, 6090956.0727340159937739, 6400366.0287892958149314,  6710247.8893762007355690,
    7020602.8844453142955899, 7331432.2482349723577499, 7642737.2192891482263803,  7954519.0404754765331745,
    8266778.9590033423155546, 8579518.2264420464634895, 8892738.0987390466034412,  9206439.8362383283674717,
    9520624.7036988288164139, 9835293.9703129194676876, 10150448.9097250290215015, 10466090.8000503256917000};

/* Through four points. */
static double cubic(const double x[4], const double y[4], double at)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        double above = 1, below = 1;
        for (int k = 0; k < 4; k++) {
            if (k == i) continue;
            above *= at - x[k];
            below *= x[i] - x[k];
        }
        sum += y[i] * above / below;
    }
    return sum;
}

/* The point below `at` in ascending x, which has one above it, too. */
static int straddle(const double *x, int count, double at)
{
    int left = 0, right = count - 1;
    while (left + 1 < right) {
        const int middle = left + (right - left) / 2;
        if (x[middle] <= at)
            left = middle;
        else
            right = middle;
    }
    return left;
}

/* Of the four points around, the first. */
static int first_of(int at, int count) { return at == 0 ? 0 : at == count - 2 ? at - 2 : at - 1; }

double weft_hll_coupon_estimate(uint32_t count)
{
    if (count >= coupon_x[COUPON_POINTS - 1]) return coupon_y[COUPON_POINTS - 1];
    const int first = first_of(straddle(coupon_x, COUPON_POINTS, count), COUPON_POINTS);
    return fmax(cubic(coupon_x + first, coupon_y + first, count), count);
}

static double harmonic(double n)
{
    double sum = 0;
    if (n < HARMONIC_EXACT) {
        for (int k = 1; k <= (int)n; k++) sum += 1.0 / k;
        return sum;
    }
    const double square = 1.0 / (n * n); /* the asymptotic series */
    sum = log(n) + 0.577215664901532860606512090082 + 1.0 / (2.0 * n);
    double power = square;
    sum -= power * (1.0 / 12.0);
    power *= square;
    sum += power * (1.0 / 120.0);
    power *= square;
    sum -= power * (1.0 / 252.0);
    power *= square;
    return sum + power * (1.0 / 240.0);
}

/* Linear counting: of k registers, `empty` were never hit. */
static double linear_estimate(double k, double empty)
{
    return empty == 0 ? k * log(k / 0.5) : k * (harmonic(k) - harmonic(empty));
}

static double raw_estimate(int lg_k, double sum)
{
    const double k = (double)((int64_t)1 << lg_k);
    const double factor = lg_k == 4   ? 0.673
                          : lg_k == 5 ? 0.697
                          : lg_k == 6 ? 0.709
                                      : 0.7213 / (1.0 + 1.079 / k);
    return factor * k * k / sum;
}

double weft_hll_composite_estimate(int lg_k, double sum, uint32_t empty)
{
    const double raw = raw_estimate(lg_k, sum), k = (double)((int64_t)1 << lg_k);
    const double *x = weft_hll_raw[lg_k - WEFT_HLL_LG_K_MIN];
    const double stride = weft_hll_strides[lg_k - WEFT_HLL_LG_K_MIN], last = x[WEFT_HLL_POINTS - 1];
    if (!(raw >= x[0])) return 0;
    if (raw >= last) return raw * (stride * (WEFT_HLL_POINTS - 1) / last);
    const int first = first_of(straddle(x, WEFT_HLL_POINTS, raw), WEFT_HLL_POINTS);
    double y[4];
    for (int i = 0; i < 4; i++) y[i] = stride * (first + i);
    const double adjusted = cubic(x + first, y, raw);
    if (adjusted > 3.0 * k) return adjusted;
    const double linear = linear_estimate(k, empty);
    const double crossing = lg_k == 4 ? 0.718 : lg_k == 5 ? 0.672 : 0.64;
    return (adjusted + linear) / 2.0 > crossing * k ? adjusted : linear;
}
