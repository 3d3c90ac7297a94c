/* SPDX-License-Identifier: Apache-2.0 */
/* see app_page.h */
#include "app_page.h"

#include "base/limits.h"
#include "gen/page_pack.h"
#include "proto/http1.h"

#define TYPE S("text/html")

/* require-trusted-types-for: the page makes elements, and never markup of what
 * it was sent; a mistake there would be an exception, not a script. */
static const struct http1_header fields[] = {
	{ STR_INIT("Content-Security-Policy"), STR_INIT("default-src 'none'; "
	    "script-src " PAGE_PACK_SCRIPT "; style-src " PAGE_PACK_STYLE "; "
	    "connect-src 'self'; img-src data:; base-uri 'none'; form-action "
	    "'none'; frame-ancestors 'none'; "
	    "require-trusted-types-for 'script'") },
	{ STR_INIT("Referrer-Policy"), STR_INIT("no-referrer") },
	{ STR_INIT("Cache-Control"), STR_INIT("no-cache") },
	{ STR_INIT("ETag"), STR_INIT(PAGE_PACK_TAG) },
};

/* Whether one member of Accept-Encoding allows gzip; "q=0" with any number of
 * zeros behind the point says no (RFC 9110 12.4.2). */
static bool
allows_gzip(struct str member)
{
	struct str coding = str_trim(str_cut(&member, ';'));
	struct str weight = member.p == NULL ? S("") : str_trim(member);
	bool some = weight.len == 0;

	for (size_t i = 2; i < weight.len; i++) {
		some = some || (weight.p[i] != '0' && weight.p[i] != '.');
	}
	return some && (str_ieq(coding, S("gzip")) ||
	    str_eq(coding, S("*")));
}

/* see app_page.h */
bool
app_page_wanted(const struct http1_request *r)
{
	if (!visit_accepts(r, TYPE, true)) {
		return false;
	}
	for (size_t i = 0; i < r->header_n; i++) {
		struct str list = r->headers[i].value;

		if (!str_ieq(r->headers[i].name, S("Accept-Encoding"))) {
			continue;
		}
		while (list.p != NULL) {
			if (allows_gzip(str_cut(&list, ','))) {
				return true;
			}
		}
	}
	return false;
}

/* Tags are compared weakly, since proxies that compress weaken them. */
static bool
has_it(const struct http1_request *r)
{
	struct str list = http1_header(r->headers, r->header_n,
	    S("If-None-Match"));

	while (list.p != NULL) {
		struct str tag = str_trim(str_cut(&list, ','));

		if (str_starts(tag, S("W/"))) {
			tag = str_sub(tag, 2, tag.len);
		}
		if (str_eq(tag, S(PAGE_PACK_TAG)) || str_eq(tag, S("*"))) {
			return true;
		}
	}
	return false;
}

/* see app_page.h */
struct http1_header
app_page_vary(void)
{
	return (struct http1_header){ S("Vary"),
	    S("Accept, Accept-Encoding") };
}

/* see app_page.h */
enum app_verdict
app_page_begin(struct visit *v)
{
	struct app_job *job = v->job;
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);
	bool fresh = has_it(job->http);
	struct http1_header vary = app_page_vary();

	http1_status_line(&b, fresh ? 304 : 200);
	if (!fresh) {
		http1_field(&b, S("Content-Type"), S("text/html; "
		    "charset=utf-8"));
		http1_field(&b, S("Content-Encoding"), S("gzip"));
		http1_field_u64(&b, S("Content-Length"),
		    sizeof(page_pack_bytes));
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		http1_field(&b, fields[i].name, fields[i].value);
	}
	http1_field(&b, vary.name, vary.value);
	visit_fields(v, &b);
	http1_head_end(&b);
	if (!buf_ok(&b)) {
		return visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
	}
	job->reply_head = buf_str(&b);
	job->reply_body = v->head || fresh ? S("") :
	    str_of((const char *)page_pack_bytes, sizeof(page_pack_bytes));
	return APP_DONE;
}
