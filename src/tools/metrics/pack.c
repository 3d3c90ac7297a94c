/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the .def files of this folder into build/gen/metric_pack.h, the tables
 * that tools/metric_table.c looks things up in. Runs on the machine that
 * builds; its output depends on nothing but the .def files.
 *
 * Equal strings are kept once. Short ones (names, units, statistics, sets) are
 * "words", which the program hands out as they stand; sentences are "texts".
 * Both are numbered, and a table of offsets, one more than there are strings,
 * says where each begins and ends.
 *
 * A fault in a .def file ends the program with a sentence that names the
 * metric: a name that is there twice, an alarm without a metric.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Units in the .def files, as CloudWatch names them. */
#define UNITS(U) \
	U(UNKNOWN, "") \
	U(NONE, "None") \
	U(COUNT, "Count") \
	U(PERCENT, "Percent") \
	U(NANOSECONDS, "Nanoseconds") \
	U(MICROSECONDS, "Microseconds") \
	U(MILLISECONDS, "Milliseconds") \
	U(SECONDS, "Seconds") \
	U(MINUTES, "Minutes") \
	U(BYTES, "Bytes") \
	U(KILOBYTES, "Kilobytes") \
	U(MEGABYTES, "Megabytes") \
	U(GIGABYTES, "Gigabytes") \
	U(TERABYTES, "Terabytes") \
	U(BITS, "Bits") \
	U(BYTES_PER_SECOND, "Bytes/Second") \
	U(KILOBYTES_PER_SECOND, "Kilobytes/Second") \
	U(MEGABYTES_PER_SECOND, "Megabytes/Second") \
	U(BITS_PER_SECOND, "Bits/Second") \
	U(COUNT_PER_SECOND, "Count/Second") \
	U(COUNT_PER_MINUTE, "Count/Minute") \
	U(COUNT_PER_5MINUTES, "Count/5Minutes") \
	U(BOOLEAN, "Boolean") \
	U(CREDITS, "Credits") \
	U(AAS, "AAS") \
	U(GAUGE, "Gauge") \
	U(FRACTION, "Fraction") \
	U(USD, "USD") \
	U(RPU, "RPU") \
	U(RPU_SECONDS, "RPU-Seconds") \
	U(NONE_OR_COUNT, "None|Count") \
	U(MINUTES_OR_TERABYTES, "Minutes|Terabytes") \
	U(RPU_HOURS_OR_TERABYTES, "RPU-Hours|Terabytes")

#define UNIT_ENUM(id, text) UNIT_##id,
#define UNIT_TEXT(id, text) text,
enum unit { UNITS(UNIT_ENUM) UNIT_N };
static const char *const units[UNIT_N] = { UNITS(UNIT_TEXT) };

enum comparison { CMP_GT, CMP_GE, CMP_LT, CMP_LE };
static const char *const comparisons[] = {
	[CMP_GT] = "GreaterThanThreshold",
	[CMP_GE] = "GreaterThanOrEqualToThreshold",
	[CMP_LT] = "LessThanThreshold",
	[CMP_LE] = "LessThanOrEqualToThreshold",
};

enum missing { WHEN_MISSING, WHEN_NOT_BREACHING, WHEN_BREACHING };
static const char *const missings[] = {
	[WHEN_MISSING] = "missing",
	[WHEN_NOT_BREACHING] = "notBreaching",
	[WHEN_BREACHING] = "breaching",
};

/* One line of a .def file, in the order of the files. */
struct line {
	enum { LINE_NAMESPACE, LINE_METRIC, LINE_ALARM } kind;
	const char *name;      /* of the namespace or metric; statistic */
	const char *unit;
	const char *stats;     /* as written: "AVG|MIN" */
	const char *sets;
	const char *text;      /* an alarm's intent */
	unsigned period_s, evaluation_n, datapoint_n;
	const char *comparison, *threshold, *missing, *basis;
};

#define NAMESPACE(name_, text_) \
	{ .kind = LINE_NAMESPACE, .name = (name_), .text = (text_) },
#define METRIC(name_, unit_, stats_, sets_, text_) \
	{ .kind = LINE_METRIC, .name = (name_), .unit = units[UNIT_##unit_], \
	    .stats = #stats_, .sets = (sets_), .text = (text_) },
#define ALARM(stat_, period_, evaluation_, datapoint_, cmp_, threshold_, \
    missing_, sets_, intent_, basis_) \
	{ .kind = LINE_ALARM, .name = (stat_), .period_s = (period_), \
	    .evaluation_n = (evaluation_), .datapoint_n = (datapoint_), \
	    .comparison = comparisons[CMP_##cmp_], .threshold = (threshold_), \
	    .missing = missings[WHEN_##missing_], .sets = (sets_), \
	    .text = (intent_), .basis = (basis_) },

static const struct line *
lines(size_t *n)
{
	static struct line all[] = {
#include "gen/metric_all.def"
	};

	*n = sizeof(all) / sizeof(all[0]);
	return all;
}

static _Noreturn void
die(const char *what, const char *thing)
{
	(void)fprintf(stderr, "metrics: %s: %s\n", what, thing);
	exit(1);
}

/* ---- pools of strings ---- */

#define POOL_MAX 65535

struct pool {
	const char *strings[POOL_MAX];
	size_t n;
};

static struct pool words, texts;

/* The number of a string that is kept once. */
static unsigned
intern(struct pool *pool, const char *s)
{
	size_t i;

	for (i = 0; i < pool->n; i++) {
		if (strcmp(pool->strings[i], s) == 0) {
			return (unsigned)i;
		}
	}
	if (pool->n == POOL_MAX) {
		die("too many strings at", s);
	}
	pool->strings[pool->n] = s;
	return (unsigned)pool->n++;
}

/* "AVG|PCT" as "Average,p*", kept until the end. */
static const char *
statistics(const char *stats)
{
	static const struct {
		const char *token, *text;
	} names[] = {
		{ "AVG", "Average" }, { "MIN", "Minimum" },
		{ "MAX", "Maximum" }, { "SUM", "Sum" },
		{ "SAMPLES", "SampleCount" }, { "PCT", "p*" },
		{ "TM", "tm*" },
	};
	char *out = calloc(1, 8 * strlen(stats) + 1);
	size_t len = 0;

	if (out == NULL) {
		die("no memory at", stats);
	}
	while (strcmp(stats, "ANY") != 0 && *stats != '\0') {
		size_t token_len = strcspn(stats, "| ");
		size_t i = 0;

		while (i < sizeof(names) / sizeof(names[0]) &&
		    (strlen(names[i].token) != token_len ||
		    strncmp(names[i].token, stats, token_len) != 0)) {
			i++;
		}
		if (i == sizeof(names) / sizeof(names[0])) {
			die("no such statistic", stats);
		}
		len += (size_t)snprintf(out + len, 16, "%s%s",
		    len > 0 ? "," : "", names[i].text);
		stats += token_len;
		stats += strspn(stats, "| ");
	}
	return out;
}

/* ---- the lines in order ---- */

struct metric {
	const struct line *namespace, *line;
	size_t alarm_n;        /* lines that follow it */
};

static int
order(const void *a, const void *b)
{
	const struct metric *x = a;
	const struct metric *y = b;
	int cmp = strcmp(x->namespace->name, y->namespace->name);

	return cmp != 0 ? cmp : strcmp(x->line->name, y->line->name);
}

/* Collects and sorts the metrics. */
static struct metric *
collect(size_t *n)
{
	size_t line_n;
	const struct line *all = lines(&line_n);
	const struct line *namespace = NULL;
	struct metric *metrics = calloc(line_n, sizeof(*metrics));
	size_t i;

	*n = 0;
	for (i = 0; metrics != NULL && i < line_n; i++) {
		if (all[i].kind == LINE_NAMESPACE) {
			namespace = &all[i];
		} else if (all[i].kind == LINE_METRIC && namespace != NULL) {
			metrics[*n].namespace = namespace;
			metrics[(*n)++].line = &all[i];
		} else if (i > 0 && all[i - 1].kind != LINE_NAMESPACE) {
			metrics[*n - 1].alarm_n++;
		} else {
			die("stands alone", all[i].name);
		}
	}
	if (metrics == NULL || *n == 0) {
		die("no metric", "at all");
	}
	qsort(metrics, *n, sizeof(*metrics), order);
	for (i = 1; i < *n; i++) {
		if (order(&metrics[i - 1], &metrics[i]) == 0) {
			die("there twice", metrics[i].line->name);
		}
	}
	return metrics;
}

/* ---- output ---- */

static void
print_pool(const char *name, const char *offset_type, unsigned long max,
    const struct pool *pool)
{
	unsigned long at = 0;
	size_t column = 0;
	size_t i;
	const char *p;

	(void)printf("\nstatic const unsigned char metric_pack_%s[] = {", name);
	for (i = 0; i < pool->n; i++) {
		for (p = pool->strings[i]; *p != '\0'; p++) {
			(void)printf("%s%u,", column++ % 20 == 0 ? "\n\t" : "",
			    (unsigned)(unsigned char)*p);
		}
	}
	(void)printf("\n};\nstatic const %s metric_pack_%s_at[] = {",
	    offset_type, name);
	for (i = 0; i <= pool->n; i++) {
		(void)printf("%s%lu,", i % 10 == 0 ? "\n\t" : "", at);
		if (at > max) {
			die("do not fit", name);
		}
		at += i < pool->n ? strlen(pool->strings[i]) : 0;
	}
	(void)printf("\n};\n");
}

static void
print_namespaces(const struct metric *metrics, size_t n)
{
	size_t i;

	(void)printf("\nstatic const struct namespace_row "
	    "metric_pack_namespaces[] = {\n");
	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(metrics[i - 1].namespace->name,
		    metrics[i].namespace->name) == 0) {
			if (metrics[i - 1].namespace != metrics[i].namespace) {
				die("in two places", metrics[i].line->name);
			}
			continue;
		}
		(void)printf("\t{ %u, %u, %zu },\n",
		    intern(&words, metrics[i].namespace->name),
		    intern(&texts, metrics[i].namespace->text), i);
	}
	(void)printf("\t{ 0, 0, %zu }\n};\n", n);
}

static void
print_metrics(const struct metric *metrics, size_t n)
{
	size_t i;

	(void)printf("\nstatic const struct metric_row "
	    "metric_pack_metrics[] = {\n");
	for (i = 0; i < n; i++) {
		const struct line *m = metrics[i].line;

		(void)printf("\t{ %u, %u, %u, %u, %u },\n",
		    intern(&words, m->name), intern(&words, m->unit),
		    intern(&words, statistics(m->stats)),
		    intern(&words, m->sets), intern(&texts, m->text));
	}
	(void)printf("};\n");
}

static void
print_alarms(const struct metric *metrics, size_t n)
{
	size_t i, j;

	(void)printf("\nstatic const struct alarm_row "
	    "metric_pack_alarms[] = {\n");
	for (i = 0; i < n; i++) {
		for (j = 1; j <= metrics[i].alarm_n; j++) {
			const struct line *a = metrics[i].line + j;

			(void)printf("\t{ %u, %zu, %u, %u, %u, %u, %u, %u, "
			    "%u, %u, %u },\n", a->period_s, i,
			    a->evaluation_n, a->datapoint_n,
			    intern(&words, a->name),
			    intern(&words, a->comparison),
			    intern(&words, a->threshold),
			    intern(&words, a->missing),
			    intern(&words, a->sets),
			    intern(&texts, a->text), intern(&texts, a->basis));
		}
	}
	(void)printf("};\n");
}

int
main(void)
{
	size_t n;
	struct metric *metrics = collect(&n);

	(void)printf("/* SPDX-License-Identifier: Apache-2.0 */\n"
	    "/* Made by tools/metrics/pack.c from the .def files there. */\n");
	print_namespaces(metrics, n);
	print_metrics(metrics, n);
	print_alarms(metrics, n);
	print_pool("words", "uint16_t", 65535, &words);
	print_pool("texts", "uint32_t", 4294967295, &texts);
	free(metrics);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
