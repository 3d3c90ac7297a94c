/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC envelopes: one row per shape a message can have.
 */
#include "proto/jsonrpc.h"

#include "test.h"

#define CAP ((size_t)1024 * 1024)

/* "KIND id=ID method=METHOD params=N" or "ERROR at N id=ID". */
static int
feed(void *ctx, struct str in, bool more, char *log, size_t log_size)
{
	static const char *const kinds[] = {
		"invalid", "request", "notification", "response", "batch"
	};
	struct buf b = buf_fixed(log, log_size - 1);
	struct arena a;
	struct fail f;
	struct jsonrpc m;
	enum err err;

	(void)ctx;
	arena_init(&a, CAP);
	fail_init(&f, &a);
	err = jsonrpc_read(&a, in, &m, &f);
	if (err == ERR_OK) {
		buf_addf(&b, "%s", str_from_z(kinds[m.kind]));
		if (m.method.p != NULL) {
			buf_addf(&b, " method=%s", m.method);
		}
		if (m.params != NULL) {
			buf_addf(&b, " params=%u", (uint64_t)m.params->n);
		}
	} else if (!more) {
		buf_addf(&b, "%s at %u", err_name(err), (uint64_t)f.pos);
	}
	if (m.id.p != NULL && !(err != ERR_OK && more)) {
		buf_addf(&b, " id=%s", m.id);
	}
	log[b.len] = '\0';
	arena_free(&a);
	return err == ERR_OK ? 1 : more ? 0 : -(int)err;
}

static struct str
outcome(struct str in)
{
	static char log[4096];

	(void)feed(NULL, in, false, log, sizeof(log));
	return str_from_z(log);
}

TEST(requests_keep_their_id_as_it_came)
{
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"m\"}")),
	    S("request method=m id=0"));
	CHECK_STR(outcome(S("{\"method\":\"m\",\"params\":{\"a\":1},\"jsonrpc\""
	    ":\"2.0\",\"id\":\"1\"}")),
	    S("request method=m params=1 id=\"1\""));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":-123456789012345678901"
	    "234,\"method\":\"m\"}")),
	    S("request method=m id=-123456789012345678901234"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":\"\\u0061\\n\",\"metho"
	    "d\":\"m\"}")), S("request method=m id=\"\\u0061\\n\""));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":\"\",\"method\":\"\""
	    "}")), S("request method= id=\"\""));
}

TEST(a_message_without_id_is_a_notification)
{
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}")),
	    S("notification method=n"));
}

TEST(null_params_count_as_absent)
{
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
	    "\"params\":null}")), S("request method=m id=1"));
}

TEST(results_and_errors_are_responses)
{
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}")),
	    S("response id=5"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{}}")),
	    S("response"));
}

TEST(an_array_is_a_batch_unless_empty)
{
	CHECK_STR(outcome(S("[1]")), S("batch"));
	CHECK_STR(outcome(S(" []")), S("RPC_INVALID at 1"));
}

TEST(invalid_messages_say_where_and_echo_a_readable_id)
{
	CHECK_STR(outcome(S("1")), S("RPC_INVALID at 0"));
	CHECK_STR(outcome(S(" null")), S("RPC_INVALID at 1"));
	CHECK_STR(outcome(S("{}")), S("RPC_INVALID at 0"));
	CHECK_STR(outcome(S("{\"id\":7,\"method\":\"m\"}")),
	    S("RPC_INVALID at 0 id=7"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"m\"}")),
	    S("RPC_INVALID at 11 id=7"));
	CHECK_STR(outcome(S("{\"jsonrpc\":2.0,\"id\":7,\"method\":\"m\"}")),
	    S("RPC_INVALID at 11 id=7"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"m\""
	    "}")), S("RPC_INVALID at 22"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"m\"}"
	    )), S("RPC_INVALID at 22"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"m\"}"
	    )), S("RPC_INVALID at 22"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"m\"}"
	    )), S("RPC_INVALID at 22"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"m\""
	    "}")), S("RPC_INVALID at 22"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1}")),
	    S("RPC_INVALID at 0 id=1"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":3}")),
	    S("RPC_INVALID at 33 id=1"));
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\","
	    "\"params\":[]}")), S("RPC_INVALID at 46 id=1"));
}

TEST(unparsable_text_keeps_the_error_of_the_parser)
{
	CHECK_STR(outcome(S("{\"jsonrpc\":\"2.0\"")), S("SYNTAX at 16"));
	CHECK_STR(outcome(S("{\"id\":1,\"id\":2}")), S("DUPLICATE at 8"));
	CHECK_STR(outcome(S("")), S("SYNTAX at 0"));
}

TEST(a_batch_inside_a_batch_is_invalid)
{
	struct str in = S("[[]]");
	struct arena a;
	struct fail f;
	struct jsonrpc m;

	arena_init(&a, CAP);
	fail_init(&f, &a);
	CHECK(jsonrpc_read(&a, in, &m, &f) == ERR_OK);
	CHECK(jsonrpc_classify(in, m.tree->child, &m, &f) == ERR_RPC_INVALID);
	CHECK_INT(f.pos, 1);
	arena_free(&a);
}

TEST(every_message_reads_the_same_five_ways)
{
	CHECK(test_five_ways(feed, NULL, S("{\"jsonrpc\":\"2.0\",\"id\":\"x\\u"
	    "00e9\",\"method\":\"tools/call\",\"params\":{\"name\":\"a\"}}"),
	    false));
	CHECK(test_five_ways(feed, NULL, S("[{\"jsonrpc\":\"2.0\"}]"), false));
}

TEST(envelopes_are_written_around_values)
{
	char bytes[512];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	jsonrpc_begin_result(&w, S("0"));
	json_begin_object(&w);
	json_end_object(&w);
	jsonrpc_end(&w);
	CHECK_STR(buf_str(&b),
	    S("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{}}"));
	buf_clear(&b);
	jsonrpc_begin_notification(&w, S("notifications/progress"));
	json_begin_object(&w);
	json_put_integer(&w, S("progress"), 1);
	json_end_object(&w);
	jsonrpc_end(&w);
	CHECK_STR(buf_str(&b), S("{\"jsonrpc\":\"2.0\",\"method\":\"notificati"
	    "ons/progress\",\"params\":{\"progress\":1}}"));
}

TEST(an_error_without_a_readable_id_has_no_id)
{
	char bytes[512];
	struct buf b = buf_fixed(bytes, sizeof(bytes));
	struct json_writer w = json_writer(&b);

	jsonrpc_begin_error(&w, STR_NONE, -32700, S("a \"b\""));
	jsonrpc_end_error(&w);
	CHECK_STR(buf_str(&b), S("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":"
	    "-32700,\"message\":\"a \\\"b\\\"\"}}"));
	buf_clear(&b);
	jsonrpc_begin_error(&w, S("\"q\""), -32022, S("m"));
	json_put_raw(&w, S("data"), S("{}"));
	jsonrpc_end_error(&w);
	CHECK_STR(buf_str(&b), S("{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"error\":"
	    "{\"code\":-32022,\"message\":\"m\",\"data\":{}}}"));
}
