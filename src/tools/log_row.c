/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups and messages of log events.
 */
#include "tools/log_row.h"

#include "aws/endpoint.h"

/* What a row has besides its message. */
#define ROW_LEN 600

/* see log_row.h */
struct str
log_row_group_name(struct str group)
{
	struct str mark = S(":log-group:");
	size_t at = str_find(group, mark, 0);

	if (at < group.len) {
		group = str_sub(group, at + mark.len, group.len);
	} else if (group.len > 13 && group.p[12] == ':' &&
	    str_is_digit(group.p[0])) {
		group = str_sub(group, 13, group.len);
	}
	return str_ends(group, S(":*")) ? str_sub(group, 0, group.len - 2) :
	    group;
}

/* see log_row.h */
void
log_row_put_group(struct json_writer *body, struct str group)
{
	if (!str_starts(group, S("arn:"))) {
		json_put_string(body, S("logGroupName"), group);
		return;
	}
	json_put_string(body, S("logGroupIdentifier"), str_ends(group,
	    S(":*")) ? str_sub(group, 0, group.len - 2) : group);
}

/* see log_row.h */
struct str
log_row_arn(struct ask *q, struct str group)
{
	struct buf b = buf_in(q->c->arena, 4096);
	struct str account;

	if (str_starts(group, S("arn:"))) {
		return str_ends(group, S(":*")) ?
		    str_sub(group, 0, group.len - 2) : group;
	}
	account = aws_account_id(&q->scope);
	if (account.len == 0) {
		return STR_NONE;
	}
	buf_addf(&b, "arn:%s:logs:%s:%s:log-group:%s",
	    endpoint_partition(q->scope.region), q->scope.region, account,
	    group);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* see log_row.h */
size_t
log_row_max(const struct call *c, const struct rows *r)
{
	size_t asked = (size_t)tool_arg_i64(c, S("max_message_bytes"));
	size_t room = rows_room(r);
	size_t most = room > 2 * ROW_LEN ? room - ROW_LEN : room / 2;

	return asked < most ? asked : most;
}

/* see log_row.h */
struct str
log_row_cut(struct str message, size_t max)
{
	size_t i = 0, len = 0;

	while (i < message.len) {
		unsigned char c = (unsigned char)message.p[i];

		len += c == '"' || c == '\\' || c == '\n' || c == '\t' ||
		    c == '\r' ? 2 : c < ' ' ? 6 : 1;
		if (len > max) {
			break;
		}
		i++;
	}
	while (i < message.len && i > 0 &&
	    ((unsigned char)message.p[i] & 0xc0) == 0x80) {
		i--;
	}
	return str_sub(message, 0, i);
}

/* see log_row.h */
bool
log_row_put_message(struct json_writer *out, struct str message, size_t max)
{
	struct str part = log_row_cut(message, max);

	json_put_string(out, S("message"), part);
	if (part.len < message.len) {
		json_put_integer(out, S("message_bytes"),
		    (int64_t)message.len);
	}
	return part.len < message.len;
}
