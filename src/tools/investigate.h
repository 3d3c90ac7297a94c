/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One investigation of an alarm: what is gathered before it is shown.
 *
 *	investigate.c         the tool: order of the parts, time, errors
 *	investigate_alarm.c   the alarm, its history, alarms beside it
 *	investigate_metric.c  metrics against their baselines
 *	investigate_logs.c    log groups and what they say
 *	investigate_show.c    the answer
 *
 * Each part is complete, cut or failed by itself; what one part lacks the later
 * ones do without. Everything lives in the call's arena.
 */
#ifndef TOOLS_INVESTIGATE_H
#define TOOLS_INVESTIGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/ask.h"
#include "tools/query_run.h"
#include "tools/rows.h"
#include "tools/series.h"

enum investigate_part {
	INVESTIGATE_HISTORY,
	INVESTIGATE_ALARMS,
	INVESTIGATE_METRICS,
	INVESTIGATE_GROUPS,
	INVESTIGATE_ERRORS,
	INVESTIGATE_CHANGES,
	INVESTIGATE_PART_N
};

enum investigate_status {
	INVESTIGATE_NOT_RUN, /* the call ends before; counts as cut */
	INVESTIGATE_COMPLETE,
	INVESTIGATE_CUT,     /* part of it, or left out: reason says why */
	INVESTIGATE_FAILED
};

struct investigate_note {
	enum investigate_status status;
	struct str reason;
};

/* Metrics looked at: the alarm's own or its components', and those of alarms
 * that went off about the same time. */
#define INVESTIGATE_TARGET_MAX_N 8
/* Alarms in ALARM state that are read, in pages of 100. */
#define INVESTIGATE_ALARM_MAX_N 300
/* Changes of state that are read, in pages of 100. */
#define INVESTIGATE_HISTORY_MAX_N 300
/* Log groups that are queried. */
#define INVESTIGATE_GROUP_MAX_N 8
/* Windows of a metric: around the change, a day and a week earlier. */
#define INVESTIGATE_WINDOW_N 3

/* What a window's points come to. */
struct investigate_level {
	size_t n;
	double mean, min, max;
};

struct investigate_target {
	const struct json *alarm;   /* as AWS sent it */
	struct str name;
	bool suspect;               /* beside the alarm, not part of it */
	bool promql;                /* evaluated by a query in PromQL */
	struct series_query query;
	struct str expression;      /* of metric math; absent: one metric */
	const struct json *dimensions; /* AWS's array of its first metric */
	struct str namespace, metric;
	int64_t evaluation_n;
	int64_t since_ms;           /* state last changed */
	int direction;              /* of a breach: 1 up, -1 down, 0 either */
	/* filled by investigate_metrics() */
	struct series_data series[INVESTIGATE_WINDOW_N];
	struct investigate_level before, after; /* the change */
	struct investigate_level earlier[INVESTIGATE_WINDOW_N - 1]; /* same
	                             * time as `after`, a day, a week earlier */
	int64_t began_ms;           /* out of its usual range since; 0: no */
	struct str error;           /* absent: none */
};

/* An alarm in ALARM state now. */
struct investigate_other {
	const struct json *alarm;
	struct str name;
	char kind;                  /* m metric, c composite, l log */
	int64_t since_ms;           /* 0: AWS does not say */
	bool same_dimension, same_namespace, same_time, component, parent;
};

struct investigate_change {
	int64_t at_ms;
	struct str from, to;
};

struct investigate_group {
	struct str name;
	struct str because;         /* which dimension, or what else */
	bool infrequent;            /* its class takes no such query */
	bool skipped;               /* left out of the queries: cost */
	double scan_bytes;          /* estimate for both windows */
	double stored_bytes;
	int64_t retention_days;
};

struct investigate {
	struct call *c;
	struct ask q;
	struct str name;
	int64_t until_ms;           /* monotonic: no new part from then on */
	struct investigate_note notes[INVESTIGATE_PART_N];
	const struct json *alarm;
	char kind;                  /* m, c, l */
	struct str state;
	int64_t changed_ms;         /* the change that is looked at */
	struct investigate_change history[INVESTIGATE_HISTORY_MAX_N];
	size_t history_n;           /* newest first */
	struct investigate_other *others; /* oldest state first */
	size_t other_n;
	struct investigate_target targets[INVESTIGATE_TARGET_MAX_N];
	size_t target_n;
	int64_t from_ms, to_ms;     /* window around the change */
	struct investigate_group groups[INVESTIGATE_GROUP_MAX_N];
	size_t group_n;
	int64_t log_from_ms, log_to_ms, log_middle_ms; /* errors are looked for
	                             * from middle on, changes before it */
	struct query_run runs[2];   /* errors, changes */
	bool queried;
};

/* Time is left for one more request; otherwise the part is marked as cut. */
bool investigate_time(struct investigate *v, enum investigate_part part);
/* What becomes of an error in a part: it is noted there, and ERR_OK, unless
 * the call itself ends by it. On ERR_OK a part that has no status yet is
 * complete. */
enum err investigate_settle(struct investigate *v, enum investigate_part part,
    enum err err) MUST_USE;
/* Marks a part as cut, unless it failed. */
void investigate_cut(struct investigate *v, enum investigate_part part,
    struct str reason);

/* The alarm itself: ERR_AWS_MISSING when there is none. */
enum err investigate_find(struct investigate *v) MUST_USE;
enum err investigate_history(struct investigate *v) MUST_USE;
/* Alarms in ALARM now, and from these what the metrics are taken from. */
enum err investigate_others(struct investigate *v) MUST_USE;
enum err investigate_metrics(struct investigate *v) MUST_USE;
enum err investigate_groups(struct investigate *v) MUST_USE;
/* Runs the queries; v->runs is then to be freed. */
enum err investigate_logs(struct investigate *v) MUST_USE;
enum err investigate_show(struct investigate *v) MUST_USE;

/* Earliest `began_ms` of all targets, or NULL. */
const struct investigate_target *investigate_first(
    const struct investigate *v);

#endif
