/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people are told, and that no sentence holds a word that makes an MCP
 * client drop the connection.
 */
#include "test.h"

#include "aws/fault.h"
#include "base/limits.h"

static struct arena arena;
static struct fail fail;

static struct fault
refusal(struct str code, struct str message)
{
	return (struct fault){ .service = ENDPOINT_LOGS,
	    .operation = S("StartQuery"), .region = S("eu-west-1"),
	    .host = S("logs.eu-west-1.amazonaws.com"), .status = 400,
	    .code = code, .message = message, .attempt_n = 1 };
}

/* The sentence for x; valid until the next call. */
static struct str
sentence(const struct fault *x, enum err want)
{
	static const struct str taboo[] = { STR_INIT("401"), STR_INIT("429"),
	    STR_INIT("unauthorized"), STR_INIT("rate limit"),
	    STR_INIT("too many requests") };

	arena_free(&arena);
	arena_init(&arena, JOB_ARENA_CAP);
	fail_init(&fail, &arena);
	if (fault_describe(x, &fail) != want) {
		return S("another error code");
	}
	for (size_t i = 0; i < sizeof(taboo) / sizeof(taboo[0]); i++) {
		if (str_icontains(fail.what, taboo[i])) {
			return taboo[i];
		}
	}
	return fail_text(&fail);
}

TEST(codes_are_cut_out_of_their_spellings)
{
	CHECK_STR(fault_code(S("ThrottlingException")),
	    S("ThrottlingException"));
	CHECK_STR(fault_code(S("com.amazon.coral#ThrottlingException")),
	    S("ThrottlingException"));
	CHECK_STR(fault_code(S("ValidationException:http://x/")),
	    S("ValidationException"));
	CHECK_STR(fault_code(S("InvalidParameterValue;Sender")),
	    S("InvalidParameterValue"));
	CHECK(fault_code(S("")).p == NULL);
	CHECK(fault_code(S("a#")).p == NULL);
	CHECK(fault_code(STR_NONE).p == NULL);
}

TEST(a_denial_names_action_principal_and_statement)
{
	struct fault x = refusal(S("AccessDeniedException"), S("User: arn:aws:"
	    "sts::123456789012:assumed-role/mcp/s is not authorized to "
	    "perform: logs:StartQuery on resource: arn:aws:logs:eu-west-1:"
	    "123456789012:log-group:/x:log-stream: because no identity-based "
	    "policy allows the logs:StartQuery action"));
	struct str t = sentence(&x, ERR_AWS_ACCESS);

	CHECK(str_starts(t, S("AWS denied logs:StartQuery in eu-west-1 to arn:"
	    "aws:sts::123456789012:assumed-role/mcp/s. Add this to an IAM "
	    "policy of that identity: {\"Effect\": \"Allow\", \"Action\": "
	    "\"logs:StartQuery\", \"Resource\": \"*\"}. AWS said: User: ")));
}

TEST(a_denial_names_the_action_aws_asked_for)
{
	struct fault x = refusal(S("AccessDenied"), S("User: u is not "
	    "authorized to perform: kms:Decrypt on resource: k"));

	CHECK(str_find(sentence(&x, ERR_AWS_ACCESS),
	    S("\"Action\": \"kms:Decrypt\""), 0) < fail.what.len);
	x.message = S("User: u is not authorized to perform: \"evil\" on "
	    "resource: k");
	CHECK(str_find(sentence(&x, ERR_AWS_ACCESS),
	    S("\"Action\": \"logs:StartQuery\""), 0) < fail.what.len);
	x.message = STR_NONE;
	CHECK_STR(sentence(&x, ERR_AWS_ACCESS), S("AWS denied logs:StartQuery "
	    "in eu-west-1. Add this to an IAM policy of that identity: "
	    "{\"Effect\": \"Allow\", \"Action\": \"logs:StartQuery\", "
	    "\"Resource\": \"*\"}."));
}

TEST(an_explicit_deny_has_to_go_first)
{
	struct fault x = refusal(S("AccessDeniedException"), S("User: u is not "
	    "authorized to perform: logs:StartQuery on resource: r with an "
	    "explicit deny in a service control policy"));

	CHECK(str_find(sentence(&x, ERR_AWS_ACCESS),
	    S("that Deny has to go first"), 0) < fail.what.len);
}

TEST(throttling_says_how_often_it_was_tried)
{
	struct fault x = refusal(S("ThrottlingException"), S("Rate exceeded"));

	x.attempt_n = 3;
	x.took_ms = 2600;
	CHECK_STR(sentence(&x, ERR_AWS_THROTTLED), S("AWS is throttling "
	    "logs:StartQuery in eu-west-1 (3 attempts in 3 s). Wait a minute, "
	    "then ask for less at once. AWS said: Rate exceeded"));
	x.code = S("LimitExceededException");
	CHECK(str_find(sentence(&x, ERR_AWS_THROTTLED),
	    S("Too many queries run at once"), 0) < fail.what.len);
	x.operation = S("DescribeLogGroups");
	CHECK(str_find(sentence(&x, ERR_AWS_THROTTLED),
	    S("met a quota of the account"), 0) < fail.what.len);
}

TEST(messages_with_dangerous_words_are_not_quoted)
{
	static const struct str bad[] = { STR_INIT("Rate limit hit"),
	    STR_INIT("HTTP 429"), STR_INIT("429"), STR_INIT("(401)"),
	    STR_INIT("Unauthorized"), STR_INIT("Too Many Requests") };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fault x = refusal(S("Throttling"), bad[i]);

		CHECK_STR(sentence(&x, ERR_AWS_THROTTLED), S("AWS is "
		    "throttling logs:StartQuery in eu-west-1. Wait a minute, "
		    "then ask for less at once."));
	}
}

TEST(the_canonical_string_that_aws_repeats_is_left_out)
{
	CHECK_STR(fault_message(S("No.\n\nThe Canonical String for this "
	    "request should have been\n'POST'\n")), S("No."));
	CHECK_STR(fault_message(S("\nThe Canonical String")), S(""));
	CHECK_STR(fault_message(S("No.\n")), S("No.\n"));
	CHECK_STR(fault_message(STR_NONE), STR_NONE);
}

TEST(long_messages_are_cut_between_characters)
{
	static char big[FAULT_QUOTE_MAX * 2];
	struct fault x = refusal(S("ValidationException"),
	    str_of(big, sizeof(big)));

	/* An odd start, so that the limit falls between the two bytes. */
	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = i < 3 ? 'x' : i % 2 == 1 ? '\xc3' : '\xa4';
	}
	CHECK(str_ends(sentence(&x, ERR_AWS_REQUEST), S("\xc3\xa4")));
	CHECK(fail.what.len < FAULT_QUOTE_MAX + 200);
}

TEST(each_transport_error_has_its_advice)
{
	static const struct { enum err err; const char *advice; } rows[] = {
		{ ERR_DNS, "Check DNS, the name of the region" },
		{ ERR_CONNECT, "outbound TCP 443" },
		{ ERR_TIMEOUT, "outbound TCP 443" },
		{ ERR_PROXY, "HTTPS_PROXY" },
		{ ERR_TLS_UNTRUSTED, "AWS_CA_BUNDLE" },
		{ ERR_TLS_EXPIRED, "clock" },
		{ ERR_TLS_NAME, "AWS_ENDPOINT_URL" },
		{ ERR_CLOSED, "closed too early" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault x = refusal(STR_NONE, STR_NONE);
		struct str t;

		x.err = rows[i].err;
		x.err_text = err_text(x.err);
		t = sentence(&x, x.err);
		CHECK(str_starts(t, S("logs:StartQuery in eu-west-1 got no "
		    "answer from logs.eu-west-1.amazonaws.com: ")));
		CHECK(str_find(t, str_from_z(rows[i].advice), 0) < t.len);
	}
}

TEST(what_is_not_found_is_said_with_where_names_are)
{
	struct fault x = refusal(S("ResourceNotFoundException"), STR_NONE);

	CHECK_STR(sentence(&x, ERR_AWS_MISSING), S("AWS rejected "
	    "logs:StartQuery in eu-west-1 with ResourceNotFoundException. "
	    "Check the name and the region; the tools that list or describe "
	    "have the names."));
}

TEST(a_configured_endpoint_is_the_first_suspect)
{
	struct fault x = refusal(STR_NONE, STR_NONE);

	x.configured = true;
	x.err = ERR_DNS;
	x.err_text = S("no such name");
	CHECK_STR(sentence(&x, ERR_DNS), S("logs:StartQuery in eu-west-1 got "
	    "no answer from logs.eu-west-1.amazonaws.com: no such name. Check "
	    "the host in AWS_ENDPOINT_URL."));
	x.err = ERR_OK;
	x.status = 429;
	CHECK(str_starts(sentence(&x, ERR_AWS_THROTTLED),
	    S("AWS is throttling logs:StartQuery in eu-west-1.")));
}

TEST(without_an_arena_the_code_is_left)
{
	struct fault x = refusal(S("AccessDenied"), STR_NONE);
	struct fail f;

	fail_init(&f, NULL);
	CHECK_INT(fault_describe(&x, &f), ERR_AWS_ACCESS);
	CHECK_STR(fail_text(&f), err_text(ERR_AWS_ACCESS));
	CHECK_INT(fault_describe(&x, NULL), ERR_AWS_ACCESS);
}

TEST(the_clock_sentence_says_which_way)
{
	struct fault x = refusal(S("RequestExpired"), STR_NONE);

	x.skew_ms = 600000;
	CHECK_INT(fault_classify(&x), FAULT_CLOCK);
	CHECK_STR(sentence(&x, ERR_AWS_CLOCK), S("The clock of this machine is "
	    "600 s behind AWS's, so AWS refuses logs:StartQuery in eu-west-1. "
	    "Set the clock (NTP)."));
	x.skew_ms = 1000;
	CHECK_INT(fault_classify(&x), FAULT_FINAL);
	CHECK_STR(sentence(&x, ERR_AWS_REQUEST), S("AWS rejected "
	    "logs:StartQuery in eu-west-1 with RequestExpired."));
	arena_free(&arena);
}

TEST(promql_goes_by_the_actions_of_other_operations)
{
	struct fault x = refusal(S("AccessDeniedException"), STR_NONE);
	struct str s;

	x.service = ENDPOINT_CLOUDWATCH;
	x.operation = S("QueryMetrics");
	x.status = 403;
	s = sentence(&x, ERR_AWS_ACCESS);
	CHECK(str_icontains(s, S("\"Action\": \"cloudwatch:GetMetricData\"")));
	CHECK(str_icontains(s, S("and cloudwatch:ListMetrics")));
	x.operation = S("GetLabels");
	s = sentence(&x, ERR_AWS_ACCESS);
	CHECK(str_icontains(s, S("\"Action\": \"cloudwatch:ListMetrics\"")));
}
