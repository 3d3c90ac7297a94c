/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of an alarm as every tool shows them.
 */
#include "tools/alarm_row.h"

#include "tools/show.h"

/* see alarm_row.h */
void
alarm_row_statistic(struct json_writer *out, const struct json *alarm)
{
	struct str plain = json_str(json_get(alarm, S("Statistic")));
	struct str extended = json_str(json_get(alarm, S("ExtendedStatistic")));

	json_put_string_or_null(out, S("statistic"),
	    plain.p != NULL ? plain : extended);
}

/* see alarm_row.h */
void
alarm_row_queries(struct json_writer *out, const struct json *alarm)
{
	const struct json *q = json_at(json_get(alarm, S("Metrics")), 0);

	if (q == NULL) {
		return;
	}
	json_key(out, S("metrics"));
	json_begin_array(out);
	for (; q != NULL; q = q->next) {
		const struct json *stat = json_get(q, S("MetricStat"));
		const struct json *metric = json_get(stat, S("Metric"));

		json_begin_object(out);
		show_string(out, S("id"), q, S("Id"));
		if (stat == NULL) {
			show_string(out, S("expression"), q, S("Expression"));
		} else {
			show_string(out, S("namespace"), metric,
			    S("Namespace"));
			show_string(out, S("metric_name"), metric,
			    S("MetricName"));
			show_dimensions(out, S("dimensions"),
			    json_get(metric, S("Dimensions")));
			show_string(out, S("statistic"), stat, S("Stat"));
			show_number(out, S("period"), stat, S("Period"));
		}
		json_end_object(out);
	}
	json_end_array(out);
}
