/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/alarm_template.c: names of resources, CloudFormation, Terraform.
 */
#include "test.h"

#include "tools/alarm_template.h"

static struct arena arena;
static struct str hcl;
static const struct json *cfn;

static const struct json *
parse(const char *text)
{
	struct json *v = NULL;
	struct fail f;

	fail_init(&f, &arena);
	return json_parse(&arena, str_from_z(text), 0, &v, &f) == ERR_OK ? v :
	    NULL;
}

static void
fresh(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
}

static struct str
sanitised(struct str in)
{
	struct buf b = buf_in(&arena, 1000);

	alarm_template_sanitise(&b, in);
	return buf_str(&b);
}

static struct str
key(const char *namespace, const char *metric, const char *dimensions)
{
	struct buf b = buf_in(&arena, 1000);

	alarm_template_key(&b, str_from_z(namespace), str_from_z(metric),
	    parse(dimensions));
	return buf_str(&b);
}

/* Where a quoted string of HCL ends, with its escapes checked; s.len: it does
 * not. */
static size_t
string_end(struct str s, size_t at)
{
	for (at++; at < s.len && s.p[at] != '"'; at++) {
		bool doubled = at + 2 < s.len && s.p[at + 1] == s.p[at];

		if ((unsigned char)s.p[at] < 0x20) {
			return s.len;
		}
		if (s.p[at] == '\\') {
			at += s.p[at + 1] == 'u' ? 5 : 1;
		} else if ((s.p[at] == '$' || s.p[at] == '%') && doubled &&
		    s.p[at + 2] == '{') {
			at += 2;
		} else if ((s.p[at] == '$' || s.p[at] == '%') &&
		    at + 1 < s.len && s.p[at + 1] == '{') {
			return s.len; /* a template begins */
		}
	}
	return at;
}

/* Every line is empty, a brace that closes, "words {", "name = {" or
 * "name = value" with a value that ends with the line; braces match. */
static bool
hcl_ok(struct str text)
{
	int depth = 0;

	while (text.len > 0) {
		struct str line = str_trim_ws(str_cut(&text, '\n'));
		size_t at = 0, equals = 0;
		bool open = false;

		if (line.len == 0 || str_eq(line, S("}"))) {
			depth -= line.len > 0;
			continue;
		}
		for (; at < line.len; at++) {
			char c = line.p[at];

			open = c == '{';
			if (c == '"') {
				at = string_end(line, at);
				if (at == line.len) {
					return false;
				}
			} else if (c == '=') {
				equals++;
			} else if (!str_is_alnum(c) && c != '_' && c != ' ' &&
			    c != '{' && c != '.' && c != '-' &&
			    (unsigned char)c < 0x80) {
				return false;
			}
			if (open && at + 1 != line.len) {
				return false;
			}
		}
		depth += open;
		if (equals > 1 || (equals == 0 && !open) || depth < 0) {
			return false;
		}
	}
	return depth == 0;
}

static bool
make(const struct alarm_template *t)
{
	struct buf text = buf_in(&arena, (size_t)64 * 1024);
	struct buf json = buf_in(&arena, (size_t)64 * 1024);
	struct json_writer w = json_writer(&json);
	struct json *v = NULL;
	struct fail f;

	fail_init(&f, &arena);
	alarm_template_cloudformation(&w, t);
	alarm_template_terraform(&text, t);
	hcl = buf_str(&text);
	if (!buf_ok(&text) || !buf_ok(&json) || !hcl_ok(hcl) ||
	    json_parse(&arena, buf_str(&json), JSON_REJECT_DUPLICATES, &v, &f)
	    != ERR_OK) {
		return false;
	}
	cfn = v;
	return true;
}

static bool
says(const char *part)
{
	struct str needle = str_from_z(part);

	return str_find(hcl, needle, 0) < hcl.len;
}

TEST(names_of_resources_are_letters_and_digits)
{
	char many[400];

	fresh();
	memset(many, 'A', sizeof(many));
	CHECK_STR(sanitised(S("")), S("Resource"));
	CHECK_STR(sanitised(S("123Test")), S("Resource123Test"));
	CHECK_STR(sanitised(S("EC2CPU-Utilization_x")),
	    S("EC2CPUUtilizationx"));
	CHECK_STR(sanitised(S("_a")), S("a"));
	CHECK_STR(sanitised(S("\xc3\xa9" "1")), S("\xc3\xa9" "1"));
	CHECK_STR(sanitised(S("\xe2\x80\x94" "b\xff")), S("b"));
	CHECK_STR(sanitised(S("a b/c")), S("abc"));
	CHECK_INT(sanitised(str_of(many, 300)).len, 255);
}

TEST(a_key_is_namespace_metric_and_first_dimension)
{
	fresh();
	CHECK_STR(key("AWS/EC2", "CPUUtilization",
	    "[{\"Name\":\"InstanceId\",\"Value\":\"i-1\"}]"),
	    S("EC2CPUUtilizationInstanceIdi1"));
	CHECK_STR(key("AWS/ApiGateway", "4xx", "[]"), S("ApiGateway4xx"));
	CHECK_STR(key("5ns", "m", "[]"), S("Resource5nsm"));
	CHECK_STR(key("XAWS/YAWS/Z", "m", "[{\"name\":\"A\",\"value\":\"1\"},"
	    "{\"name\":\"B\",\"value\":\"2\"}]"), S("XYZmA1"));
}

static struct alarm_template
sample(void)
{
	fresh();
	return (struct alarm_template){
		.namespace = S("AWS/EC2"), .metric_name = S("CPUUtilization"),
		.dimensions = parse("[{\"name\":\"InstanceId\","
		    "\"value\":\"i-0abc\"}]"),
		.statistic = S("Average"), .description = S("D"),
		.period_s = 300, .evaluation_n = 2, .datapoint_n = 2,
		.comparison = S("LessThanLowerOrGreaterThanUpperThreshold"),
		.missing_data = S("missing"), .sensitivity = S("3"),
	};
}

TEST(a_band_comes_with_its_detector)
{
	struct alarm_template t = sample();

	CHECK(make(&t));
	CHECK_STR(cfn->text, S("{\"AWSTemplateFormatVersion\":\"2010-09-09\","
	    "\"Description\":\"CloudWatch Alarms and Anomaly Detectors\","
	    "\"Resources\":{"
	    "\"EC2CPUUtilizationInstanceIdi0abcAnomalyDetector\":{\"Type\":"
	    "\"AWS::CloudWatch::AnomalyDetector\",\"Properties\":{"
	    "\"MetricName\":\"CPUUtilization\",\"Namespace\":\"AWS/EC2\","
	    "\"Stat\":\"Average\",\"Dimensions\":[{\"Name\":\"InstanceId\","
	    "\"Value\":\"i-0abc\"}]}},"
	    "\"EC2CPUUtilizationInstanceIdi0abcAlarm\":{\"Type\":"
	    "\"AWS::CloudWatch::Alarm\",\"DependsOn\":"
	    "\"EC2CPUUtilizationInstanceIdi0abcAnomalyDetector\","
	    "\"Properties\":{\"AlarmDescription\":\"D\",\"Metrics\":[{"
	    "\"Expression\":\"ANOMALY_DETECTION_BAND(m1, 3)\","
	    "\"Id\":\"ad1\"},{\"Id\":\"m1\",\"MetricStat\":{\"Metric\":{"
	    "\"MetricName\":\"CPUUtilization\",\"Namespace\":\"AWS/EC2\","
	    "\"Dimensions\":[{\"Name\":\"InstanceId\",\"Value\":\"i-0abc\"}]},"
	    "\"Stat\":\"Average\",\"Period\":300}}],\"EvaluationPeriods\":2,"
	    "\"DatapointsToAlarm\":2,\"ThresholdMetricId\":\"ad1\","
	    "\"ComparisonOperator\":"
	    "\"LessThanLowerOrGreaterThanUpperThreshold\","
	    "\"TreatMissingData\":\"missing\"}}}}"));
	CHECK(says("threshold_metric_id = \"ad1\""));
	CHECK(says("\"ANOMALY_DETECTION_BAND(m1, 3)\""));
	CHECK(says("\"InstanceId\" = \"i-0abc\""));
}

TEST(a_band_of_a_percentile_without_dimensions)
{
	struct alarm_template t = sample();

	t.namespace = S("My App/1");
	t.metric_name = S("Latency");
	t.dimensions = NULL;
	t.statistic = S("p90");
	t.sensitivity = S("2.0");
	t.missing_data = S("breaching");
	CHECK(make(&t));
	CHECK_STR(json_path(cfn, S("Resources.MyApp1LatencyAnomalyDetector"
	    ".Properties"))->text, S("{\"MetricName\":\"Latency\","
	    "\"Namespace\":\"My App/1\",\"Stat\":\"p90\","
	    "\"Dimensions\":[]}"));
	CHECK_STR(json_path(cfn, S("Resources.MyApp1LatencyAlarm.DependsOn"))
	    ->text, S("MyApp1LatencyAnomalyDetector"));
	CHECK(!says("dimensions"));
	CHECK(says("stat        = \"p90\""));
}

TEST(percentiles_are_extended_statistics)
{
	struct alarm_template t = sample();

	t.sensitivity = STR_NONE;
	t.comparison = S("GreaterThanThreshold");
	t.threshold = S("80.5");
	CHECK(make(&t));
	CHECK_STR(json_path(cfn, S("Resources.EC2CPUUtilizationInstanceIdi0abc"
	    "Alarm.Properties"))->text, S("{\"AlarmDescription\":\"D\","
	    "\"MetricName\":\"CPUUtilization\",\"Namespace\":\"AWS/EC2\","
	    "\"Dimensions\":[{\"Name\":\"InstanceId\",\"Value\":\"i-0abc\"}],"
	    "\"Statistic\":\"Average\",\"Period\":300,\"Threshold\":80.5,"
	    "\"EvaluationPeriods\":2,\"DatapointsToAlarm\":2,"
	    "\"ComparisonOperator\":\"GreaterThanThreshold\","
	    "\"TreatMissingData\":\"missing\"}"));
	CHECK(says("  statistic           = \"Average\"\n"));
	CHECK(says("  threshold           = 80.5\n"));
	t.statistic = S("tm90");
	t.number = 2;
	CHECK(make(&t));
	CHECK_STR(json_path(cfn, S("Resources.EC2CPUUtilizationInstanceIdi0abc"
	    "2Alarm.Properties.ExtendedStatistic"))->text, S("tm90"));
	CHECK(says("  extended_statistic  = \"tm90\"\n"));
	CHECK(!says("  statistic "));
}

TEST(an_unknown_threshold_has_to_be_given_and_is_never_zero)
{
	struct alarm_template t = sample();

	t.sensitivity = STR_NONE;
	t.comparison = S("GreaterThanThreshold");
	t.depends = S("depends on: the \"capacity\"");
	CHECK(make(&t));
	CHECK_STR(json_get(cfn, S("Parameters"))->text, S("{\"Threshold\":{"
	    "\"Type\":\"Number\",\"Description\":"
	    "\"depends on: the \\\"capacity\\\"\"}}"));
	CHECK_STR(json_path(cfn, S("Resources.EC2CPUUtilizationInstanceIdi0abc"
	    "Alarm.Properties.Threshold"))->text,
	    S("{\"Ref\":\"Threshold\"}"));
	CHECK(says("variable \"EC2CPUUtilizationInstanceIdi0abc_threshold\""));
	CHECK(says("= var.EC2CPUUtilizationInstanceIdi0abc_threshold\n"));
	CHECK(!says("threshold           = 0"));
}

TEST(names_from_outside_break_neither_json_nor_hcl)
{
	struct alarm_template t = sample();

	t.sensitivity = STR_NONE;
	t.comparison = S("GreaterThanThreshold");
	t.threshold = S("1");
	t.namespace = S("a\"}\nresource \"x\" \"y\" {");
	t.metric_name = S("${file(\"/etc/passwd\")}\\");
	t.description = S("%{ for }\t\x01 $${x} $x 100%");
	t.dimensions = parse("[{\"name\":\"N\\\"{\",\"value\":\"${v}\\u0000\"}"
	    ",{\"name\":7}]");
	CHECK(make(&t));
	CHECK(says("\"a\\\"}\\nresource \\\"x\\\" \\\"y\\\" {\""));
	CHECK(says("\"$${file(\\\"/etc/passwd\\\")}\\\\\""));
	CHECK(says("\"%%{ for }\\u0009\\u0001 $$${x} $x 100%\""));
	CHECK(says("\"N\\\"{\" = \"$${v}\\u0000\""));
}

TEST(the_longest_names_fit_with_their_suffixes)
{
	static char many[256];
	struct alarm_template t = sample();

	memset(many, 'n', 255);
	t.namespace = t.metric_name = str_of(many, 255);
	t.number = 3;
	CHECK(make(&t));
	for (const struct json *r = json_get(cfn, S("Resources"))->child;
	    r != NULL; r = r->next) {
		CHECK(r->key.len <= 255 && r->key.len > 200);
		CHECK(str_ends(r->key, S("3Alarm")) ||
		    str_ends(r->key, S("3AnomalyDetector")));
	}
}
