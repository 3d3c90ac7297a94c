/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allow-list as a table. A new row has to be a read: see operation.h, and
 * tests/test_operation.c, which knows what reads are called.
 */
#include "aws/operation.h"

#define GROUP "\"logGroupName\":\"/cloudwatch-mcp/doctor\""
#define METRIC "\"Namespace\":\"cloudwatch-mcp\",\"MetricName\":\"doctor\""
#define TIMES "\"StartTime\":1760000000,\"EndTime\":1760000060"

#define CLOUDWATCH(name, probe) \
	{ ENDPOINT_CLOUDWATCH, STR_INIT(name), probe },
#define LOGS(name, probe) { ENDPOINT_LOGS, STR_INIT(name), probe },
#define STS(name) { ENDPOINT_STS, STR_INIT(name), { NULL, 0 } },
#define BODY(members) STR_INIT("{" members "}")
#define NONE { NULL, 0 }

/* see operation.h */
const struct operation operation_list[] = {
	CLOUDWATCH("DescribeAlarmHistory", BODY("\"MaxRecords\":1"))
	CLOUDWATCH("DescribeAlarms", BODY("\"MaxRecords\":1"))
	CLOUDWATCH("DescribeInsightRules", BODY("\"MaxResults\":1"))
	CLOUDWATCH("GetDashboard",
	    BODY("\"DashboardName\":\"cloudwatch-mcp-doctor\""))
	CLOUDWATCH("GetInsightRuleReport",
	    BODY("\"RuleName\":\"cloudwatch-mcp-doctor\",\"Period\":60," TIMES))
	CLOUDWATCH("GetLabels", NONE)
	CLOUDWATCH("GetMetricData", BODY(TIMES ",\"MetricDataQueries\":[{"
	    "\"Id\":\"a\",\"MetricStat\":{\"Metric\":{" METRIC "},"
	    "\"Period\":60,\"Stat\":\"Sum\"}}]"))
	CLOUDWATCH("GetMetricStatistics", BODY(METRIC "," TIMES
	    ",\"Period\":60,\"Statistics\":[\"Sum\"]"))
	CLOUDWATCH("GetMetricWidgetImage",
	    BODY("\"MetricWidget\":\"{\\\"metrics\\\":[[\\\"cloudwatch-mcp"
	    "\\\",\\\"doctor\\\"]]}\""))
	CLOUDWATCH("GetSeries", NONE)
	CLOUDWATCH("ListDashboards", BODY(""))
	CLOUDWATCH("ListMetrics", BODY(METRIC))
	CLOUDWATCH("QueryMetrics", NONE)
	LOGS("DescribeAccountPolicies",
	    BODY("\"policyType\":\"FIELD_INDEX_POLICY\""))
	LOGS("DescribeFieldIndexes",
	    BODY("\"logGroupIdentifiers\":[\"/cloudwatch-mcp/doctor\"]"))
	LOGS("DescribeIndexPolicies",
	    BODY("\"logGroupIdentifiers\":[\"/cloudwatch-mcp/doctor\"]"))
	LOGS("DescribeLogGroups", BODY("\"limit\":1"))
	LOGS("DescribeLogStreams", BODY(GROUP))
	LOGS("DescribeQueries", BODY("\"maxResults\":1"))
	LOGS("DescribeQueryDefinitions", BODY("\"maxResults\":1"))
	LOGS("FilterLogEvents", BODY(GROUP))
	LOGS("GetLogEvents", BODY(GROUP ",\"logStreamName\":\"doctor\""))
	LOGS("GetLogGroupFields", BODY(GROUP))
	LOGS("GetLogRecord", BODY("\"logRecordPointer\":\"doctor\""))
	LOGS("GetQueryResults",
	    BODY("\"queryId\":\"00000000-0000-4000-8000-000000000000\""))
	LOGS("ListAnomalies", BODY("\"limit\":1"))
	LOGS("ListLogAnomalyDetectors", BODY("\"limit\":1"))
	LOGS("StartLiveTail", NONE)
	LOGS("StartQuery", BODY(GROUP ",\"queryString\":\"limit 1\","
	    "\"startTime\":1760000000,\"endTime\":1760000060"))
	LOGS("StopQuery",
	    BODY("\"queryId\":\"00000000-0000-4000-8000-000000000000\""))
	STS("AssumeRole")
	STS("AssumeRoleWithWebIdentity")
	STS("GetCallerIdentity")
};

/* see operation.h */
const size_t operation_n = sizeof(operation_list) / sizeof(operation_list[0]);

/* see operation.h */
size_t
operation_index(enum endpoint_service service, struct str name)
{
	size_t i = 0;

	if (service == ENDPOINT_LOGS_STREAM) {
		service = ENDPOINT_LOGS;
	}
	while (i < operation_n && !(operation_list[i].service == service &&
	    str_eq(operation_list[i].name, name))) {
		i++;
	}
	return i;
}

/* see operation.h */
bool
operation_ok(enum endpoint_service service, struct str name)
{
	return operation_index(service, name) < operation_n;
}
