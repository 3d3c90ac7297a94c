/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the compiled metric table, a metric a line, columns by tabs:
 * namespace, name, unit, statistics, dimension sets, number of alarms; behind
 * each metric its alarms, as lines that begin with a tab: statistic, period,
 * evaluation periods, datapoints, comparison, threshold, missing data,
 * dimensions. For check.py, which compares it with a folder of facts.
 */
#include <stdio.h>

#include "tools/metric_table.h"

static void
print_alarm(struct arena *a, size_t metric, size_t i)
{
	struct metric_alarm m;

	MUST(metric_table_alarm(a, metric, i, &m));
	(void)printf("\t%.*s\t%u\t%u\t%u\t%.*s\t%.*s\t%.*s\t%.*s\n",
	    STR_ARG(m.statistic), m.period_s, m.evaluation_n, m.datapoint_n,
	    STR_ARG(m.comparison), (int)m.threshold.len,
	    m.threshold.len > 0 ? m.threshold.p : "",
	    STR_ARG(m.missing_data), STR_ARG(m.dimensions));
}

int
main(void)
{
	struct arena a;
	size_t i, j;

	arena_init(&a, (size_t)4 << 20);
	for (i = 0; i < metric_table_n(); i++) {
		struct str namespace = metric_table_namespace_name(
		    metric_table_namespace_of(i));
		struct str name = metric_table_name(i);
		struct str unit = metric_table_unit(i);
		struct str statistics = metric_table_statistics(i);
		struct str sets = metric_table_sets(i);

		(void)printf("%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%zu\n",
		    STR_ARG(namespace), STR_ARG(name), (int)unit.len,
		    unit.len > 0 ? unit.p : "", STR_ARG(statistics),
		    STR_ARG(sets), metric_table_alarm_n(i));
		for (j = 0; j < metric_table_alarm_n(i); j++) {
			print_alarm(&a, i, j);
			arena_reset(&a);
		}
	}
	arena_free(&a);
	return 0;
}
