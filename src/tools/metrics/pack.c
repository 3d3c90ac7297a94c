/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the .def files of this folder into build/gen/metric_pack.h, the tables
 * that tools/metric_table.c looks things up in. Runs on the machine that
 * builds; its output depends on nothing but the .def files.
 *
 * Short strings (names, units, statistics, sets) are "words", which the program
 * hands out as they stand: equal ones are kept once, and those that are part of
 * others, or end as others begin, share their bytes. Sentences are "texts",
 * which are squeezed (squeeze.h); that of metric n is number n. Both are
 * numbered. A table says where each begins; a second one how long a word is,
 * while a text ends where the next one begins.
 *
 * A fault in a .def file ends the program with a sentence that names the
 * metric: a name that is there twice, an alarm without a metric.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/metric_table.h"
#include "tools/metrics/squeeze.h"

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
	const char *name;      /* of the namespace or metric; statistic */
	const char *stats;     /* as written: "AVG|MIN" */
	const char *sets;
	const char *text;      /* an alarm's intent */
	const char *threshold, *basis;
	enum { LINE_NAMESPACE, LINE_METRIC, LINE_ALARM } kind;
	enum unit unit;
	enum comparison comparison;
	enum missing missing;
	unsigned period_s, evaluation_n, datapoint_n;
};

#define NAMESPACE(name_, text_) \
	{ .kind = LINE_NAMESPACE, .name = (name_), .text = (text_) },
#define METRIC(name_, unit_, stats_, sets_, text_) \
	{ .kind = LINE_METRIC, .name = (name_), .unit = UNIT_##unit_, \
	    .stats = #stats_, .sets = (sets_), .text = (text_) },
#define ALARM(stat_, period_, evaluation_, datapoint_, cmp_, threshold_, \
    missing_, sets_, intent_, basis_) \
	{ .kind = LINE_ALARM, .name = (stat_), .period_s = (period_), \
	    .evaluation_n = (evaluation_), .datapoint_n = (datapoint_), \
	    .comparison = CMP_##cmp_, .threshold = (threshold_), \
	    .missing = WHEN_##missing_, .sets = (sets_), \
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
	_Exit(1);
}

/* ---- pools of strings ---- */

#define POOL_MAX 16384

struct pool {
	char *strings[POOL_MAX];
	size_t n;
};

static struct pool words, texts;

/* What many metrics have in common, as numbers of words. */
static struct {
	unsigned unit, stats, sets;
} kinds[POOL_MAX];
static size_t kind_n;

/* The number of a string that is added. */
static unsigned
append(struct pool *pool, const char *s)
{
	if (pool->n < POOL_MAX) {
		pool->strings[pool->n] = calloc(strlen(s) + 1, 1);
	}
	if (pool->n == POOL_MAX || pool->strings[pool->n] == NULL) {
		die("too many strings at", s);
	}
	memcpy(pool->strings[pool->n], s, strlen(s));
	return (unsigned)pool->n++;
}

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
	return append(pool, s);
}

/* "AVG|PCT" as the word "Average,p*". */
static unsigned
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
	char out[96] = "";
	size_t len = 0;

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
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s",
		    len > 0 ? "," : "", names[i].text);
		if (len >= sizeof(out)) {
			die("too many statistics", stats);
		}
		stats += token_len;
		stats += strspn(stats, "| ");
	}
	return intern(&words, out);
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

/* One number of a table, with the line it may begin. */
static void
print_number(size_t column, unsigned long number)
{
	(void)printf("%s%lu,", column % 16 == 0 ? "\n\t" : "", number);
}

static void
print_bytes(const char *name, const char *bytes, size_t len)
{
	size_t i;

	(void)printf("\nstatic const unsigned char metric_pack_%s[] = {", name);
	for (i = 0; i < len; i++) {
		print_number(i, (unsigned char)bytes[i]);
	}
	(void)printf("\n};\n");
}

static void
print_offsets(const char *name, const char *type, const size_t *at, size_t n,
    size_t max)
{
	size_t i;

	(void)printf("static const %s metric_pack_%s[] = {", type, name);
	for (i = 0; i < n; i++) {
		if (at[i] > max) {
			die("do not fit", name);
		}
		print_number(i, at[i]);
	}
	(void)printf("\n};\n");
}

/* How many bytes at the end of `bytes` begin the word. */
static size_t
overlap(const char *bytes, size_t len, const char *word)
{
	size_t n = strlen(word);

	n = n < len ? n : len;
	while (n > 0 && memcmp(bytes + len - n, word, n) != 0) {
		n--;
	}
	return n;
}

/* Of the words that are not yet part of `bytes`, the one that shares most with
 * its end: the longest of several, the first of those. NULL: none is left. */
static const char *
next_word(const char *bytes, size_t len, bool *there)
{
	const char *best = NULL;
	size_t best_n = 0;
	size_t i;

	for (i = 0; i < words.n; i++) {
		const char *word = words.strings[i];
		size_t n;

		there[i] = there[i] || strstr(bytes, word) != NULL;
		if (there[i]) {
			continue;
		}
		n = overlap(bytes, len, word);
		if (best == NULL || n > best_n ||
		    (n == best_n && strlen(word) > strlen(best))) {
			best = word;
			best_n = n;
		}
	}
	return best;
}

static void
print_words(void)
{
	static bool there[POOL_MAX];
	static size_t at[POOL_MAX], lens[POOL_MAX];
	static char bytes[65536];
	const char *word;
	size_t len = 0;
	size_t i;

	while ((word = next_word(bytes, len, there)) != NULL) {
		/* The bytes are zero behind the last. */
		for (i = overlap(bytes, len, word); word[i] != '\0'; i++) {
			if (len + 1 == sizeof(bytes)) {
				die("too many words at", word);
			}
			bytes[len++] = word[i];
		}
	}
	for (i = 0; i < words.n; i++) {
		at[i] = (size_t)(strstr(bytes, words.strings[i]) - bytes);
		lens[i] = strlen(words.strings[i]);
	}
	print_bytes("words", bytes, len);
	print_offsets("words_at", "uint16_t", at, words.n, 65535);
	print_offsets("words_len", "uint16_t", lens, words.n, 65535);
}

static void
print_tokens(const struct squeeze *s)
{
	static size_t at[SQUEEZE_TOKEN_MAX];
	static char lens[SQUEEZE_TOKEN_MAX];
	size_t i;

	for (i = 0; i < s->code_n; i++) {
		at[i] = squeeze_at(s, i);
		lens[i] = (char)s->lens[s->coded[i]];
	}
	(void)printf("\n#define METRIC_PACK_SINGLE_N %zu\n"
	    "#define METRIC_PACK_TOKEN_LEN_MAX %d\n", 256 - s->escape_n,
	    SQUEEZE_TOKEN_LEN_MAX);
	/* Zeros behind the last, because copies are of the greatest length. */
	print_bytes("tokens", s->pool, strlen(s->pool) +
	    SQUEEZE_TOKEN_LEN_MAX);
	print_offsets("tokens_at", "uint16_t", at, s->code_n, 65535);
	print_bytes("token_lens", lens, s->code_n);
}

/* Texts whose offsets are counted from the first of them. */
#define GROUP_N 64

/* Offsets of texts in two tables, that of the groups and within them. */
static void
print_groups(size_t *at, size_t n)
{
	static size_t group[POOL_MAX / GROUP_N + 1];
	size_t i;

	for (i = 0; i < n; i++) {
		if (i % GROUP_N == 0) {
			group[i / GROUP_N] = at[i];
		}
		at[i] -= group[i / GROUP_N];
	}
	(void)printf("\n#define METRIC_PACK_GROUP_N %d\n"
	    "static const uint32_t metric_pack_texts_group[] = {", GROUP_N);
	for (i = 0; i < n; i += GROUP_N) {
		print_number(i / GROUP_N, group[i / GROUP_N]);
	}
	(void)printf("\n};\n");
	print_offsets("texts_at", "uint16_t", at, n, 65535);
}

static void
print_texts(void)
{
	static struct squeeze s;
	static size_t at[POOL_MAX + 1];
	char *bytes;
	size_t len = 0;
	size_t text_n = 0;
	size_t i;

	for (i = 0; i < texts.n; i++) {
		if (strlen(texts.strings[i]) > METRIC_TABLE_TEXT_MAX) {
			die("too long", texts.strings[i]);
		}
	}
	squeeze_make(&s, (const char *const *)texts.strings, texts.n);
	print_tokens(&s);
	bytes = calloc(s.len, 2);
	if (bytes == NULL) {
		die("no memory", "for the texts");
	}
	for (i = 0; i < s.len; i++) {
		size_t single_n = 256 - s.escape_n;
		size_t code;

		if (s.seq[i] == SQUEEZE_END) {
			at[++text_n] = len;
			continue;
		}
		code = s.codes[s.seq[i]];
		if (code >= single_n) {
			bytes[len++] = (char)(single_n +
			    (code - single_n) / 256);
			code = (code - single_n) % 256;
		}
		bytes[len++] = (char)code;
	}
	print_bytes("texts", bytes, len);
	print_groups(at, texts.n + 1);
	free(bytes);
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

/* The number of a unit, statistics and sets that are kept once. */
static size_t
kind_of(const struct line *m)
{
	unsigned unit = intern(&words, units[m->unit]);
	unsigned stats = statistics(m->stats);
	unsigned sets = intern(&words, m->sets);
	size_t i = 0;

	while (i < kind_n && (kinds[i].unit != unit ||
	    kinds[i].stats != stats || kinds[i].sets != sets)) {
		i++;
	}
	if (i == POOL_MAX) {
		die("too many kinds at", m->name);
	}
	if (i == kind_n) {
		kinds[kind_n].unit = unit;
		kinds[kind_n].stats = stats;
		kinds[kind_n++].sets = sets;
	}
	return i;
}

static void
print_metrics(const struct metric *metrics, size_t n)
{
	size_t i;

	(void)printf("\nstatic const struct metric_row "
	    "metric_pack_metrics[] = {\n");
	for (i = 0; i < n; i++) {
		const struct line *m = metrics[i].line;

		(void)printf("\t{ %u, %zu },\n", intern(&words, m->name),
		    kind_of(m));
	}
	(void)printf("};\n\nstatic const struct metric_kind "
	    "metric_pack_kinds[] = {\n");
	for (i = 0; i < kind_n; i++) {
		(void)printf("\t{ %u, %u, %u },\n", kinds[i].unit,
		    kinds[i].stats, kinds[i].sets);
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
			    intern(&words, comparisons[a->comparison]),
			    intern(&words, a->threshold),
			    intern(&words, missings[a->missing]),
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
	size_t i;

	(void)printf("/* SPDX-License-Identifier: Apache-2.0 */\n"
	    "/* Made by tools/metrics/pack.c from the .def files there. */\n");
	for (i = 0; i < n; i++) {
		(void)append(&texts, metrics[i].line->text);
	}
	print_namespaces(metrics, n);
	print_metrics(metrics, n);
	print_alarms(metrics, n);
	print_words();
	print_texts();
	free(metrics);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
