/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric table: its look-ups, and that every row of it is well-formed.
 */
#include "tools/metric_table.h"

#include "proto/json.h"
#include "test.h"

static bool
is_one_of(struct str s, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (str_eq(s, str_from_z(list[i]))) {
			return true;
		}
	}
	return false;
}

#define ONE_OF(s, ...) \
	is_one_of((s), (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* Printable ASCII, no blanks at the ends, no two in a row. */
static bool
is_tidy(struct str s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (s.p[i] < ' ' || s.p[i] > '~' || (s.p[i] == ' ' &&
		    (i == 0 || i + 1 == s.len || s.p[i - 1] == ' '))) {
			return false;
		}
	}
	return true;
}

static bool
is_sentence(struct str s)
{
	return s.len > 0 && is_tidy(s);
}

static bool
is_statistic(struct str s)
{
	return ONE_OF(s, "Average", "Minimum", "Maximum", "Sum",
	    "SampleCount", "p*", "tm*");
}

/* Names of one to 255 printable characters, none of them twice. */
static bool
is_set(struct str set)
{
	struct str rest = set;
	struct str name, value, other, other_value;

	while (metric_table_next_dimension(&rest, &name, &value)) {
		struct str behind = rest;

		if (name.len == 0 || !is_tidy(name) || value.len > 255 ||
		    (value.p != NULL && (value.len == 0 ||
		    str_eq(name, value)))) {
			return false;
		}
		while (metric_table_next_dimension(&behind, &other,
		    &other_value)) {
			if (str_eq(name, other)) {
				return false;
			}
		}
	}
	return true;
}

static bool
are_sets(struct str sets)
{
	struct str rest = sets;
	struct str set;

	while (metric_table_next_set(&rest, &set)) {
		struct str behind = rest;
		struct str other;

		if (!is_set(set)) {
			return false;
		}
		while (metric_table_next_set(&behind, &other)) {
			if (str_eq(set, other)) {
				return false;
			}
		}
	}
	return true;
}

TEST(every_metric_is_in_order_and_found)
{
	struct str ns_before = S("");
	size_t ns, i;
	size_t n = 0;

	for (ns = 0; ns < metric_table_namespace_n(); ns++) {
		struct str name = metric_table_namespace_name(ns);
		struct str before = S("");

		CHECK(str_cmp(ns_before, name) < 0 && is_tidy(name));
		CHECK_INT(metric_table_find_namespace(name), ns);
		CHECK_INT(metric_table_namespace_first(ns), n);
		CHECK(metric_table_namespace_metric_n(ns) > 0);
		for (i = 0; i < metric_table_namespace_metric_n(ns); i++) {
			struct str metric = metric_table_name(n);

			CHECK(str_cmp(before, metric) < 0 && is_tidy(metric));
			CHECK_INT(metric_table_find(name, metric), n);
			CHECK_INT(metric_table_namespace_of(n), ns);
			before = metric;
			n++;
		}
		ns_before = name;
	}
	CHECK_INT(n, metric_table_n());
	CHECK(n > 1700);
}

TEST(what_is_not_there_is_not_found)
{
	size_t i;

	CHECK(metric_table_find_namespace(S("")) == METRIC_TABLE_NONE);
	CHECK(metric_table_find_namespace(S("AWS/EC")) == METRIC_TABLE_NONE);
	CHECK(metric_table_find_namespace(S("aws/ec2")) == METRIC_TABLE_NONE);
	CHECK(metric_table_find_namespace(S("zzz")) == METRIC_TABLE_NONE);
	CHECK(metric_table_find(STR_NONE, STR_NONE) == METRIC_TABLE_NONE);
	CHECK(metric_table_find(S("AWS/EC2"), S("")) == METRIC_TABLE_NONE);
	CHECK(metric_table_find(S("AWS/EC2"), S("Invocations")) ==
	    METRIC_TABLE_NONE);
	for (i = 0; i < metric_table_n(); i++) {
		struct str ns = metric_table_namespace_name(
		    metric_table_namespace_of(i));
		struct str name = metric_table_name(i);
		char longer[300];

		CHECK(metric_table_find(ns, str_sub(name, 1, name.len)) != i);
		CHECK(name.len + 1 < sizeof(longer));
		memcpy(longer, name.p, name.len);
		longer[name.len] = ' ';
		CHECK(metric_table_find(ns, str_of(longer, name.len + 1)) ==
		    METRIC_TABLE_NONE);
	}
}

TEST(every_metric_has_valid_columns)
{
	struct arena a;
	size_t i;

	arena_init(&a, 1 << 20);
	for (i = 0; i < metric_table_n(); i++) {
		struct str stats = metric_table_statistics(i);
		struct str first = metric_table_statistic(i);

		arena_reset(&a);
		CHECK(is_sentence(metric_table_text(&a, i)));
		CHECK(is_tidy(metric_table_unit(i)));
		CHECK((stats.len > 0) == (first.p != NULL));
		while (stats.len > 0) {
			struct str s = str_cut(&stats, ',');

			CHECK(is_statistic(s));
		}
		CHECK(are_sets(metric_table_sets(i)));
	}
	for (i = 0; i < metric_table_namespace_n(); i++) {
		CHECK(is_sentence(metric_table_namespace_text(&a, i)));
	}
	arena_free(&a);
}

static bool
is_threshold(struct str threshold, struct str basis)
{
	struct arena a;
	struct fail f = { 0 };
	struct json *number;
	bool ok;

	if (threshold.p == NULL) {
		return str_starts(basis, S("depends on: "));
	}
	arena_init(&a, 4096 * 16);
	ok = json_parse(&a, threshold, 0, &number, &f) == ERR_OK &&
	    number->type == JSON_NUMBER && !str_starts(basis, S("depends"));
	arena_free(&a);
	return ok;
}

TEST(every_alarm_is_valid)
{
	struct arena a;
	size_t i, j;
	size_t n = 0;

	arena_init(&a, 1 << 20);
	for (i = 0; i < metric_table_n(); i++) {
		for (j = 0; j < metric_table_alarm_n(i); j++, n++) {
			struct metric_alarm m;

			CHECK(metric_table_alarm(&a, i, j, &m));
			CHECK(is_statistic(m.statistic) ||
			    str_eq(m.statistic, S("p90")));
			CHECK(m.period_s > 0 && m.period_s % 60 == 0);
			CHECK(m.datapoint_n > 0 &&
			    m.datapoint_n <= m.evaluation_n);
			CHECK(m.period_s * m.evaluation_n <= 7 * 86400);
			CHECK(ONE_OF(m.comparison, "GreaterThanThreshold",
			    "GreaterThanOrEqualToThreshold",
			    "LessThanThreshold",
			    "LessThanOrEqualToThreshold"));
			CHECK(ONE_OF(m.missing_data, "missing", "breaching",
			    "notBreaching"));
			CHECK(is_set(m.dimensions));
			CHECK(is_threshold(m.threshold, m.basis));
			CHECK(is_sentence(m.intent) && is_sentence(m.basis));
			arena_reset(&a);
		}
	}
	CHECK(n > 150);
	arena_free(&a);
}

TEST(defect_19_namespaces_that_a_frozen_table_lacks_are_known)
{
	static const char *const names[] = { "AWS/ApplicationELB",
		"AWS/NetworkELB", "AWS/ELB", "AWS/GatewayELB", "AWS/States",
		"AWS/Events", "AWS/Logs", "AWS/Firehose", "AWS/SES", "AWS/DMS",
		"AWS/FSx", "AWS/DocDB", "AWS/Neptune", "AWS/MemoryDB",
		"AWS/AppSync", "AWS/SageMaker", "AWS/CodeBuild" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t ns = metric_table_find_namespace(
		    str_from_z(names[i]));

		CHECK(ns != METRIC_TABLE_NONE);
		CHECK(metric_table_namespace_metric_n(ns) > 0);
	}
	CHECK(metric_table_n() > 1700);
}

TEST(one_metric_in_all_its_columns)
{
	size_t m = metric_table_find(S("AWS/EC2"), S("CPUUtilization"));
	struct metric_alarm alarm;
	struct str sets, set, name, value;
	struct arena a;

	arena_init(&a, 1 << 16);
	CHECK(m != METRIC_TABLE_NONE);
	CHECK_STR(metric_table_unit(m), S("Percent"));
	CHECK_STR(metric_table_statistics(m), S("Average,Minimum,Maximum"));
	CHECK_STR(metric_table_statistic(m), S("Average"));
	sets = metric_table_sets(m);
	CHECK(metric_table_next_set(&sets, &set));
	CHECK(metric_table_next_dimension(&set, &name, &value));
	CHECK_STR(name, S("InstanceId"));
	CHECK(value.p == NULL);
	CHECK(!metric_table_next_dimension(&set, &name, &value));
	CHECK(metric_table_next_set(&sets, &set) && set.len == 0);
	CHECK_INT(metric_table_alarm_n(m), 1);
	CHECK(metric_table_alarm(&a, m, 0, &alarm));
	CHECK_STR(alarm.statistic, S("Average"));
	CHECK_INT(alarm.period_s, 300);
	CHECK_INT(alarm.evaluation_n, 3);
	CHECK_INT(alarm.datapoint_n, 3);
	CHECK_STR(alarm.comparison, S("GreaterThanThreshold"));
	CHECK_STR(alarm.threshold, S("80"));
	CHECK_STR(alarm.missing_data, S("missing"));
	CHECK_STR(alarm.dimensions, S("InstanceId"));
	arena_free(&a);
}

TEST(a_fixed_value_is_told_from_a_name)
{
	struct str set = S("DistributionId+FunctionName+Region=Global");
	struct str name, value;

	CHECK(metric_table_next_dimension(&set, &name, &value));
	CHECK(value.p == NULL);
	CHECK(metric_table_next_dimension(&set, &name, &value));
	CHECK(metric_table_next_dimension(&set, &name, &value));
	CHECK_STR(name, S("Region"));
	CHECK_STR(value, S("Global"));
	CHECK(!metric_table_next_dimension(&set, &name, &value));
}

/* The .def files once more, read by this program itself. */
struct line {
	enum { LINE_NAMESPACE, LINE_METRIC, LINE_ALARM } kind;
	const char *name, *sets, *text, *basis;
};

#define NAMESPACE(name_, text_) { LINE_NAMESPACE, name_, "", text_, "" },
#define METRIC(name_, unit_, stats_, sets_, text_) \
	{ LINE_METRIC, name_, sets_, text_, "" },
#define ALARM(stat_, period_, evaluation_, datapoint_, cmp_, threshold_, \
    missing_, sets_, intent_, basis_) \
	{ LINE_ALARM, stat_, sets_, intent_, basis_ },
static const struct line lines[] = {
#include "gen/metric_all.def"
};

TEST(every_text_comes_back_as_it_was_written)
{
	struct arena a;
	struct str namespace = S("");
	size_t metric = 0;
	size_t alarm = 0;
	size_t i;

	arena_init(&a, (size_t)1 << 20);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct str name = str_from_z(lines[i].name);
		struct str text = str_from_z(lines[i].text);
		struct metric_alarm m;

		arena_reset(&a);
		switch (lines[i].kind) {
		case LINE_NAMESPACE:
			namespace = name;
			CHECK_STR(metric_table_namespace_text(&a,
			    metric_table_find_namespace(name)), text);
			break;
		case LINE_METRIC:
			metric = metric_table_find(namespace, name);
			alarm = 0;
			CHECK(metric != METRIC_TABLE_NONE);
			CHECK_STR(metric_table_text(&a, metric), text);
			CHECK_STR(metric_table_sets(metric),
			    str_from_z(lines[i].sets));
			break;
		case LINE_ALARM:
			CHECK(metric_table_alarm(&a, metric, alarm++, &m));
			CHECK_STR(m.statistic, name);
			CHECK_STR(m.dimensions, str_from_z(lines[i].sets));
			CHECK_STR(m.intent, text);
			CHECK_STR(m.basis, str_from_z(lines[i].basis));
			CHECK_INT(metric_table_alarm_n(metric) >= alarm, 1);
			break;
		}
	}
	arena_free(&a);
}

static bool
read_all(struct arena *a, void *ctx)
{
	struct metric_alarm m;
	size_t metric = metric_table_find(S("AWS/EC2"), S("CPUUtilization"));

	(void)ctx;
	return metric_table_text(a, metric).p != NULL &&
	    metric_table_namespace_text(a, 0).p != NULL &&
	    metric_table_alarm(a, metric, 0, &m);
}

TEST(texts_without_memory_are_absent)
{
	CHECK(test_fail_sweep(read_all, NULL, 65536) > 0);
}
