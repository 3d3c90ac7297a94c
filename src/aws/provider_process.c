/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential_process: a program that prints keys as JSON on its standard
 * output. It is started without a shell: the setting is split into words here,
 * by the quoting rules of a POSIX shell (single quotes, double quotes with
 * backslash, backslash) and none of its other rules, so no variable, no glob
 * and no ";" means anything. Standard input is /dev/null: a server on stdio
 * would otherwise share its own with the program, which waits for ever.
 *
 * What the program writes to its standard error ends up in the sentence about
 * a failure, the last lines of it; what it writes to its output never does.
 *
 * AWS SDKs and Tools Reference Guide, "Process credential provider".
 */
#include "aws/provider.h"

#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/json.h"

/* One word being read. */
struct word {
	struct buf b;
	bool begun; /* "" is a word as well */
};

/* Takes one byte of the command. false: it ends inside quotes or behind a
 * backslash when this was the last one. */
static void
take(struct word *w, char *quote, bool *escaped, char c)
{
	if (*escaped) {
		/* Inside double quotes a backslash is special only before
		 * itself and the quote (POSIX 2.2.3; $ and ` mean nothing
		 * here). */
		if (*quote == '"' && c != '"' && c != '\\') {
			buf_add_byte(&w->b, '\\');
		}
		buf_add_byte(&w->b, c);
		*escaped = false;
	} else if (c == '\\' && *quote != '\'') {
		*escaped = true;
		w->begun = true;
	} else if (*quote != '\0' && c == *quote) {
		*quote = '\0';
	} else if (*quote == '\0' && (c == '"' || c == '\'')) {
		*quote = c;
		w->begun = true;
	} else {
		buf_add_byte(&w->b, c);
		w->begun = true;
	}
}

/* see provider.h */
enum err
provider_words(struct arena *a, struct str command,
    struct str words[static SYS_RUN_ARG_MAX], size_t *word_n, struct str *why)
{
	struct word w = { .b = buf_in(a, command.len + 1) };
	char quote = '\0';
	bool escaped = false;
	size_t n = 0;

	*word_n = 0;
	for (size_t i = 0; i <= command.len; i++) {
		char c = i < command.len ? command.p[i] : ' ';
		bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';

		if (i < command.len && (!blank || quote != '\0' || escaped)) {
			take(&w, &quote, &escaped, c);
			continue;
		}
		if (!w.begun) {
			continue;
		}
		if (n == SYS_RUN_ARG_MAX) {
			*why = S("it has more than 64 words");
			return ERR_LIMIT;
		}
		words[n] = str_dup(a, buf_str(&w.b));
		if (!buf_ok(&w.b) || words[n].p == NULL) {
			return ERR_NOMEM;
		}
		n++;
		buf_clear(&w.b);
		w.begun = false;
	}
	if (quote != '\0' || escaped || n == 0) {
		*why = n == 0 ? S("there is no word in it") : quote != '\0' ?
		    S("a quote in it is not closed") :
		    S("it ends in a backslash");
		return ERR_SYNTAX;
	}
	*word_n = n;
	return ERR_OK;
}

/* The end of what it said, on one line and without control characters. */
static struct str
tail(struct provider_run *r, struct str text)
{
	struct buf b = buf_in(r->a, PROCESS_TAIL_MAX);

	text = str_trim_ws(text);
	if (text.len > PROCESS_TAIL_MAX) {
		text = str_sub(text, text.len - PROCESS_TAIL_MAX, text.len);
	}
	for (size_t i = 0; i < text.len; i++) {
		buf_add_byte(&b, (unsigned char)text.p[i] < ' ' ||
		    text.p[i] == 0x7f ? ' ' : text.p[i]);
	}
	return b.len > 0 ? buf_str(&b) : S("it said nothing about it");
}

/* Runs the words. *why says what went wrong. */
static enum err
execute(struct provider_run *r, const struct str *words, size_t word_n,
    struct str *out, struct str *why)
{
	struct buf text = buf_in(r->a, METADATA_ANSWER_MAX);
	struct buf complaint = buf_in(r->a, METADATA_ANSWER_MAX);
	struct buf b = buf_in(r->a, 2 * PROCESS_TAIL_MAX);
	int64_t end = r->sys->mono_ms(r->sys->ctx) + PROCESS_TIMEOUT_MS;
	int status = 0;
	enum err err = r->sys->run(r->sys->ctx, words, word_n,
	    end < r->deadline_ms ? end : r->deadline_ms, &text, &complaint,
	    &status);

	if (r->a->failed) {
		return ERR_NOMEM;
	}
	*out = buf_str(&text);
	if (err == ERR_OK && status == 0) {
		return ERR_OK;
	}
	if (err == ERR_TIMEOUT) {
		buf_addf(&b, "it did not end in time and was killed: %s",
		    tail(r, buf_str(&complaint)));
	} else if (err == ERR_LIMIT) {
		buf_add(&b, S("it printed more than 64 KiB"));
	} else if (err == ERR_FILE_MISSING) {
		buf_add(&b, S("there is no such program (an image made from "
		    "scratch has none; use a profile with role_arn there)"));
	} else if (err != ERR_OK) {
		buf_addf(&b, "it cannot be started: %s", err_text(err));
	} else {
		buf_addf(&b, "it ended with status %d: %s", (int64_t)status,
		    tail(r, buf_str(&complaint)));
	}
	*why = buf_str(&b);
	return ERR_CREDENTIALS;
}

/* Decodes what it printed. Nothing of it may show in *why: it holds keys. */
static bool
decode(struct provider_run *r, struct str text, struct creds_keys *out,
    struct str *why)
{
	struct json *v;
	int64_t version;
	struct str expires;

	if (json_parse(r->a, text, 0, &v, NULL) != ERR_OK ||
	    !json_is(v, JSON_OBJECT)) {
		*why = S("what it printed is not a JSON object");
		return false;
	}
	if (!json_i64(json_get(v, S("Version")), 1, 1, &version)) {
		*why = S("what it printed does not say \"Version\": 1");
		return false;
	}
	*out = (struct creds_keys){
		.access_key_id = json_get_str(v, S("AccessKeyId"), STR_NONE),
		.secret = json_get_str(v, S("SecretAccessKey"), STR_NONE),
		.token = json_get_str(v, S("SessionToken"), STR_NONE),
		.account_id = json_get_str(v, S("AccountId"), STR_NONE),
	};
	if (out->access_key_id.len == 0 || out->secret.len == 0) {
		*why = S("what it printed lacks AccessKeyId or "
		    "SecretAccessKey");
		return false;
	}
	expires = json_get_str(v, S("Expiration"), STR_NONE);
	if (expires.p != NULL &&
	    !timefmt_parse_iso(expires, &out->expires_ms)) {
		*why = S("its Expiration is no time");
		return false;
	}
	return true;
}

/* see provider.h */
enum err
provider_process(struct provider_run *r, struct creds_keys *out, bool *found)
{
	struct str command = profile_get(&r->files, r->profile,
	    S("credential_process"));
	struct str words[SYS_RUN_ARG_MAX];
	struct str parts[2] = { S("program ") };
	struct str why = STR_NONE;
	struct str text;
	size_t word_n = 0;
	enum err err;

	if (command.p == NULL) {
		return ERR_OK;
	}
	err = provider_words(r->a, command, words, &word_n, &why);
	if (err == ERR_SYNTAX || err == ERR_LIMIT) {
		return fail_setf(r->f, ERR_PROFILE, "profile '%s' has a "
		    "credential_process that cannot be read: %s", r->profile,
		    why);
	}
	if (err == ERR_OK) {
		/* Only the program is named: an argument may be a secret. */
		parts[1] = words[0];
		err = execute(r, words, word_n, &text, &why);
	}
	if (err == ERR_OK && !decode(r, text, out, &why)) {
		err = r->a->failed ? ERR_NOMEM : ERR_CREDENTIALS;
	}
	if (err == ERR_CREDENTIALS) {
		return fail_setf(r->f, err, "profile '%s' gets its keys from "
		    "the program %s (credential_process), and %s", r->profile,
		    parts[1], why);
	}
	if (err != ERR_OK) {
		return err;
	}
	if (out->account_id.p == NULL) {
		out->account_id = profile_get(&r->files, r->profile,
		    S("aws_account_id"));
	}
	out->source = str_join(r->a, parts, 2);
	*found = true;
	return ERR_OK;
}
