/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read-only by construction: what stands in the allow-list is a read, what does
 * not stand there is not sent, and nothing but the two files that ask the list
 * can name an operation to AWS.
 */
#include "aws/operation.h"

#include <dirent.h>
#include <stdio.h>

#include "aws/call.h"
#include "fake_transport.h"
#include "proto/json.h"
#include "test.h"

/* Beginnings that AWS keeps for reads. */
static const char *const reads[] = { "Describe", "Filter", "Get", "List",
    "QueryMetrics" };
/* Those with other names. Each one is argued for in operation.h. */
static const char *const others[] = { "AssumeRole",
    "AssumeRoleWithWebIdentity", "StartLiveTail", "StartQuery", "StopQuery" };

static bool
is_read(struct str name)
{
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		if (str_starts(name, str_from_z(reads[i]))) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (str_eq(name, str_from_z(others[i]))) {
			return true;
		}
	}
	return false;
}

TEST(every_listed_operation_is_a_read)
{
	for (size_t i = 0; i < operation_n; i++) {
		CHECK(is_read(operation_list[i].name));
		CHECK(operation_ok(operation_list[i].service,
		    operation_list[i].name));
	}
	CHECK(operation_ok(ENDPOINT_LOGS_STREAM, S("StartLiveTail")));
}

TEST(the_list_is_sorted_and_has_nothing_twice)
{
	for (size_t i = 1; i < operation_n; i++) {
		const struct operation *a = &operation_list[i - 1];
		const struct operation *b = &operation_list[i];

		CHECK(a->service < b->service || (a->service == b->service &&
		    strcmp(a->name.p, b->name.p) < 0));
	}
}

TEST(probes_are_json_objects)
{
	struct arena a;
	struct json *v;

	arena_init(&a, (size_t)1 << 20);
	for (size_t i = 0; i < operation_n; i++) {
		if (operation_list[i].probe.len > 0) {
			CHECK_INT(json_parse(&a, operation_list[i].probe,
			    JSON_REJECT_DUPLICATES, &v, NULL), ERR_OK);
			CHECK(json_is(v, JSON_OBJECT));
		}
	}
	arena_free(&a);
}

TEST(writes_are_refused_before_anything_is_sent)
{
	static const struct aws_op writes[] = {
		{ ENDPOINT_CLOUDWATCH, STR_INIT("PutMetricAlarm") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("DeleteAlarms") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("SetAlarmState") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("DescribeAlarms ") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("describealarms") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("StartQuery") },
		{ ENDPOINT_CLOUDWATCH, STR_INIT("") },
		{ ENDPOINT_LOGS, STR_INIT("DeleteLogGroup") },
		{ ENDPOINT_LOGS, STR_INIT("PutRetentionPolicy") },
		{ ENDPOINT_LOGS_STREAM, STR_INIT("PutLogEvents") },
		{ ENDPOINT_STS, STR_INIT("GetSessionToken") },
		{ ENDPOINT_SSO, STR_INIT("GetCallerIdentity") },
	};
	static const struct creds_keys keys = {
		.access_key_id = STR_INIT("AKID"),
		.secret = STR_INIT("secret") };
	static struct fake_sys fake;
	static struct fake_transport t;
	static struct aws aws;
	struct aws_get get = { S("/api/v1/query"), S("") };
	struct aws_reply reply;
	struct aws_scope s;
	struct arena a;
	struct fail f;

	fake_sys_init(&fake);
	fake_transport_init(&t, &fake);
	arena_init(&a, (size_t)1 << 20);
	aws = (struct aws){ .sys = &fake.sys, .transport = &t.transport,
	    .keys = &keys, .user_agent = S("t") };
	fail_init(&f, &a);
	CHECK_INT(aws_init(&aws, &f), ERR_OK);
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		fail_init(&f, &a);
		aws_scope_init(&s, &aws, &a, &f, fake.mono_ms + 1000, NULL,
		    NULL);
		CHECK_INT(aws_scope_open(&s, STR_NONE, S("eu-west-1")),
		    ERR_OK);
		CHECK_INT(aws_call(&s, &writes[i], S("{}"), &reply),
		    ERR_INTERNAL);
		CHECK(fail_text(&f).len > 20);
		fail_init(&f, &a);
		CHECK_INT(aws_call_get(&s, &writes[i], &get, &reply),
		    ERR_INTERNAL);
	}
	CHECK_INT(t.request_n, 0);
	arena_free(&a);
	fake_sys_free(&fake);
}

static char text[1 << 18];

/* The source names an operation to AWS: by JSON's header, or the query
 * protocol's form field. */
static bool
names_operations(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof(text) - 1, f);

	if (f != NULL) {
		(void)fclose(f);
	}
	if (n == sizeof(text) - 1) {
		return true; /* too long to be read: fails the test */
	}
	text[n] = '\0';
	return strstr(text, "X-Amz-Target\"") != NULL ||
	    strstr(text, "url_form_add(&w->form, S(\"Action\")") != NULL;
}

TEST(only_the_callers_of_the_list_name_an_operation)
{
	static const char *const folders[] = { "src/aws", "src/auth",
	    "src/tools", "src/cli", "src/mcp", "src/net", "src" };
	unsigned found = 0;
	char path[512];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		DIR *d = opendir(folders[i]);
		const struct dirent *e;

		while (d != NULL && (e = readdir(d)) != NULL) {
			struct str name = str_from_z(e->d_name);

			(void)snprintf(path, sizeof(path), "%s/%s",
			    folders[i], e->d_name);
			if (!str_ends(name, S(".c")) ||
			    !names_operations(path)) {
				continue;
			}
			found += strstr(text, "operation_ok(") != NULL ? 1 :
			    100;
		}
		if (d != NULL) {
			(void)closedir(d);
		}
	}
	CHECK_INT(found, 2);
}
