/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about the metrics that AWS publishes: unit, statistics that
 * make sense, dimension sets, what it means, and which alarms are worth having.
 *
 * The source is src/tools/metrics/, one .def file per namespace:
 *
 *	#define NS aws_ec2
 *	NAMESPACE("AWS/EC2", "what the namespace is about")
 *	METRIC("CPUUtilization", PERCENT, AVG|MIN|MAX,
 *	    "InstanceId;(none);AutoScalingGroupName", "what it means")
 *	ALARM("Average", 300, 3, 3, GT, "80", MISSING,
 *	    "InstanceId", "what it is for", "why this threshold")
 *	#undef NS
 *
 * An ALARM belongs to the METRIC above it. A statistics list names the usual
 * one first; ANY says that none is preferred. Dimension sets are separated by
 * ';', names in a set by '+', "Name=Value" fixes a value and "(none)" is the
 * set without dimensions. ALARM's columns: statistic, period in seconds,
 * evaluation periods, datapoints to alarm, GT GE LT or LE, threshold ("" where
 * the right value depends on something, which the last column then names after
 * "depends on: "), MISSING NOT_BREACHING or BREACHING, dimensions, intent and
 * basis of the threshold.
 *
 * While the program is built, metrics/pack.c turns these files into sorted
 * tables of numbers with one blob of text: no pointers, so nothing to relocate
 * at the start. Metrics and namespaces are numbered in the order of their
 * bytes (namespace first), and the numbers of one namespace are contiguous.
 * Numbers passed in must come from this table (MUST). Slices are static unless
 * an arena is passed.
 */
#ifndef TOOLS_METRIC_TABLE_H
#define TOOLS_METRIC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* No such metric or namespace. */
#define METRIC_TABLE_NONE SIZE_MAX
/* Bytes of one text: three long sentences. metrics/pack.c checks it. */
#define METRIC_TABLE_TEXT_MAX ((size_t)512)

/* Metrics and namespaces in all. */
size_t metric_table_n(void);
size_t metric_table_namespace_n(void);

/* The metric of exactly that namespace and name; METRIC_TABLE_NONE: none. */
size_t metric_table_find(struct str namespace, struct str name);
/* The namespace of exactly that name; METRIC_TABLE_NONE: none. */
size_t metric_table_find_namespace(struct str namespace);

/* ---- a namespace ---- */

struct str metric_table_namespace_name(size_t ns);
/* Its first metric and how many follow each other from there. */
size_t metric_table_namespace_first(size_t ns);
size_t metric_table_namespace_metric_n(size_t ns);
/* What it is about; absent when the arena is full. */
struct str metric_table_namespace_text(struct arena *a, size_t ns);

/* ---- a metric ---- */

/* The namespace it is in, as a number. */
size_t metric_table_namespace_of(size_t metric);
struct str metric_table_name(size_t metric);
/* The unit as CloudWatch names it ("Percent", "Bytes/Second") or, where the
 * service counts in something of its own, as its manual does ("Credits");
 * absent where AWS does not say. */
struct str metric_table_unit(size_t metric);
/* Statistics that make sense, the usual one first: "Average,Maximum,p*" (any
 * percentile), "tm*" (any trimmed mean); empty: no preference is known. */
struct str metric_table_statistics(size_t metric);
/* The first of them, a percentile as "p90"; absent where none is preferred. */
struct str metric_table_statistic(size_t metric);
/* What it means and what a bad value looks like; absent: arena full. */
struct str metric_table_text(struct arena *a, size_t metric);
/* The same appended to a buffer: at most METRIC_TABLE_TEXT_MAX bytes. */
void metric_table_put_text(struct buf *out, size_t metric);

/* Which pairs of neighbouring bytes descriptions hold, found without putting
 * them together: pair i is any byte whose `left` has bit i set, and behind it
 * one whose `right` has. A search asks this before it reads a text. */
struct metric_pairs {
	uint64_t left[256], right[256];
	struct metric_token_pairs *tokens; /* of each code of the texts */
};

/* Prepares for the pairs. false: the arena is full. */
bool metric_table_pairs_init(struct arena *a, struct metric_pairs *p) MUST_USE;
/* The pairs that stand in the metric's description, as bits. */
uint64_t metric_table_pairs(const struct metric_pairs *p, size_t metric);

/* All dimension sets as text, "A+B;(none);C=v"; empty: not known. */
struct str metric_table_sets(size_t metric);
/* Cuts the next set off such a text ("(none)" as the empty set); false: there
 * is none left. */
bool metric_table_next_set(struct str *sets, struct str *set);
/* Cuts the next dimension off a set. *value is absent where any value will do.
 * false: there is none left. */
bool metric_table_next_dimension(struct str *set, struct str *name,
    struct str *value);

/* ---- alarms worth having ---- */

struct metric_alarm {
	struct str statistic;     /* "Average", "p90" */
	uint32_t period_s;
	uint32_t evaluation_n;    /* EvaluationPeriods */
	uint32_t datapoint_n;     /* DatapointsToAlarm */
	struct str comparison;    /* "GreaterThanThreshold" and so on */
	struct str threshold;     /* a JSON number; absent: basis says what it
	                           * depends on */
	struct str missing_data;  /* TreatMissingData: "notBreaching" ... */
	struct str dimensions;    /* one set, for metric_table_next_dimension */
	struct str intent;        /* what the alarm is for */
	struct str basis;         /* why this threshold, or "depends on: ..." */
};

/* How many alarms are recommended for the metric. */
size_t metric_table_alarm_n(size_t metric);
/* Number i < metric_table_alarm_n() of them. false: the arena is full. */
bool metric_table_alarm(struct arena *a, size_t metric, size_t i,
    struct metric_alarm *out) MUST_USE;

#endif
