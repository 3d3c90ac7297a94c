/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account: what its metrics and alarms are at any moment.
 *
 * Nothing is stored. Text tables (the .def files here) say what exists;
 * each value follows from its row and the minute: a daily and weekly shape, a
 * hash of (series, minute) as noise, and one story. Asking twice gives the
 * same bytes, and any window costs only its own points.
 *
 * The story, in minutes after its onset: a deployment of checkout at -6 opens
 * larger connection pools; checkout-db climbs to its 200 connections (0 to 9)
 * and refuses new ones; checkout's latency (4) and errors (7) climb while its
 * CPU falls; failed orders flood the Lambda orders-retry, which is throttled
 * at its reserved concurrency (11 to 17). A milder rehearsal took place three
 * days earlier (-4340 to -4310). Apart from that, the pod "recommender" of
 * the EKS cluster "platform" has been killed for lack of memory every 23
 * minutes since a deployment 35 hours before the onset.
 *
 * The onset is 13 minutes past some hour, 37 to 97 minutes before the account
 * was opened. It stays there for twelve hours and then moves by twelve hours,
 * so a server that runs for days always has something to find.
 */
#ifndef DEMO_ACCOUNT_H
#define DEMO_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ACCOUNT_ID "111122223333"
#define ACCOUNT_MINUTE_MS INT64_C(60000)
/* Minutes of history of one-minute data: what the service itself keeps. */
#define ACCOUNT_HISTORY_MIN (15 * 1440)
/* The pod's life, in minutes: from start to being killed, and how often the
 * deployment replaces it, which sets its restart counter to zero. */
#define ACCOUNT_OOM_CYCLE 23
#define ACCOUNT_OOM_BLOCK 1000
#define ACCOUNT_OOM_START (-2113)

/* The tables, in the order in which page/bundle/bundle.c packs them. */
enum account_table {
	ACCOUNT_SERIES,
	ACCOUNT_ALARMS,
	ACCOUNT_GROUPS,
	ACCOUNT_VOICES,
	ACCOUNT_HISTORY,
	ACCOUNT_DASHBOARDS,
	ACCOUNT_DEFINITIONS,
	ACCOUNT_RULES,
	ACCOUNT_TABLE_N
};

/* The text of each, rows ended by '\n'. */
struct account_tables {
	struct str text[ACCOUNT_TABLE_N];
};

struct account {
	const struct account_tables *tables;
	int64_t now_ms;    /* the moment of the request */
	int64_t onset_min; /* onset of the incident, minutes since 1970 */
};

/* One row of series.def. */
struct account_series {
	struct str id, namespace, metric, unit;
	struct str dims;      /* Name=Value;Name=Value */
	char kind;            /* see series.def */
	char effect, op;      /* what the story does, and '*' or '=' */
	int64_t delay, ramp;  /* minutes after the onset, and until full */
	double to;            /* the effect's value */
	double base, swing, noise;
	uint64_t hash;        /* of id: seeds the noise */
};

/* Statistics of one minute, or of several added up. */
struct account_point {
	double n;    /* samples; 0: no data */
	double sum, min, max;
	double mean_n; /* sum of mean x n: what quantiles scale with */
};

enum account_state {
	ACCOUNT_OK,
	ACCOUNT_ALARM,
	ACCOUNT_INSUFFICIENT_DATA
};

/* One row of alarms.def. */
struct account_alarm {
	struct str name, target, stat, op, missing, history, topic, text;
	char type;          /* see alarms.def */
	bool has_threshold; /* bands and PromQL have none */
	double threshold;
	int64_t period, need, of; /* seconds; M of N datapoints */
	int64_t changed_days;     /* since the last edit */
};

/* One change of state of an alarm. */
struct account_change {
	int64_t at_ms;
	enum account_state from, to;
};

/* Unpacks the tables, 40 KB, into the arena; NULL: it is full. */
const struct account_tables *account_tables_make(struct arena *a);

/* The account as it is at now_ms, for an account opened at born_ms. */
struct account account_at(const struct account_tables *tables, int64_t born_ms,
    int64_t now_ms);

/* Row number i (0-based) of a table; false behind the last one. */
bool account_series(const struct account_tables *t, size_t i,
    struct account_series *out) MUST_USE;
bool account_alarm(const struct account_tables *t, size_t i,
    struct account_alarm *out) MUST_USE;
/* The series with that id; false: none. */
bool account_series_find(const struct account_tables *t, struct str id,
    struct account_series *out) MUST_USE;
/* The alarm of that name; false: none. */
bool account_alarm_find(const struct account_tables *t, struct str name,
    struct account_alarm *out) MUST_USE;
/* Row i of a table's text; false behind the last. */
bool account_row(struct str table, size_t i, struct str *row) MUST_USE;

/* The next "Name=Value" of a dims text; false at its end. */
bool account_dimension(struct str *rest, struct str *name, struct str *value)
    MUST_USE;
/* The value of that dimension, absent when there is none. */
struct str account_dimension_value(struct str dims, struct str name);

/* Statistics of one minute. n == 0: no data then (a quiet minute of a metric
 * that only reports events, the future, or beyond the history). */
struct account_point account_minute(const struct account *a,
    const struct account_series *s, int64_t minute);
/* Statistics of `minutes` minutes from `minute` on. */
struct account_point account_window(const struct account *a,
    const struct account_series *s, int64_t minute, int64_t minutes);
/* One statistic of a point by CloudWatch's name: Average, Sum, Minimum,
 * Maximum, SampleCount, p0..p100 (also p99.9), IQM, and tmNN, wmNN, tcNN, tsNN,
 * prNN(...) forms, which this account answers with mean, sum or count of all
 * samples. false: not a statistic. */
bool account_stat(const struct account_series *s,
    const struct account_point *p, struct str stat, double *out) MUST_USE;

/* Load of a minute by hour and weekday: about -1.3 to 1. */
double account_load(int64_t minute);
/* How far the checkout incident has come in that minute, 0..1, for something
 * that sets in `delay` minutes after its onset and takes `ramp` minutes. */
double account_incident(const struct account *a, int64_t minute,
    int64_t delay, int64_t ramp);
/* Minutes that the killed pod's present replica lives in that minute, with
 * its restarts; -1 before its deployment. */
int64_t account_pod(const struct account *a, int64_t minute);

/* Changes of state up to now, oldest first: at most max, the newest ones.
 * Returns how many were written. */
size_t account_changes(const struct account *a, const struct account_alarm *al,
    struct account_change *out, size_t max);
/* State now and when it began. */
enum account_state account_alarm_state(const struct account *a,
    const struct account_alarm *al, int64_t *since_ms);
struct str account_state_name(enum account_state s);

/* Noise: the same bits for the same pair, unrelated for neighbours. */
uint64_t account_hash(uint64_t seed, uint64_t n);
uint64_t account_hash_str(struct str s);

#endif
