/* engine/exec/defs.h - the const tables of functions of each source, operator and sink, one a file. */
#ifndef WEFT_EXEC_DEFS_H
#define WEFT_EXEC_DEFS_H

#include "engine/exec/op.h"

extern const weft_source_def weft_source_rows;
extern const weft_source_def weft_source_aggregate;
extern const weft_source_def weft_source_merge;
extern const weft_source_def weft_source_scan;
extern const weft_source_def weft_source_values;
extern const weft_source_def weft_source_marked;

extern const weft_op_def weft_op_filter;
extern const weft_op_def weft_op_project;
extern const weft_op_def weft_op_probe;
extern const weft_op_def weft_op_loop;
extern const weft_op_def weft_op_limit;
extern const weft_op_def weft_op_window;
extern const weft_op_def weft_op_expand;
extern const weft_op_def weft_op_single_row;
extern const weft_op_def weft_op_script;

extern const weft_sink_def weft_sink_exchange;
extern const weft_sink_def weft_sink_aggregate;
extern const weft_sink_def weft_sink_sort;
extern const weft_sink_def weft_sink_write;

#endif
