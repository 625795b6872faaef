/* engine/expr/aggregate_list.h - every aggregate function, once: X(symbol) names weft_aggregate_<symbol>. Appended
 * only where the order is shown to nobody: names, not places, are on the wire. */
X(avg)
X(count)
X(count_if)
X(max)
X(min)
X(sum)
