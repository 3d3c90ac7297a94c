/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XML of STS, and XML that means harm.
 */
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "proto/xml.h"

#define ROLE \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/" \
	"2011-06-15/\">\n  <AssumeRoleResult>\n    <Credentials>\n" \
	"      <AccessKeyId>ASIA1</AccessKeyId>\n" \
	"      <SecretAccessKey>a/b+c</SecretAccessKey>\n" \
	"      <Expiration>2026-11-20T13:00:00Z</Expiration>\n" \
	"    </Credentials>\n  </AssumeRoleResult>\n" \
	"</AssumeRoleResponse>\n"

/* Picks a/b, a/c and a; writes what was found. */
static int
pick_log(struct str in, char *log, size_t log_size)
{
	struct xml_pick picks[] = {
		{ S("a/b"), STR_NONE }, { S("a/b"), STR_NONE },
		{ S("a"), STR_NONE },
	};
	struct arena a;
	struct fail f;
	struct buf b = buf_fixed(log, log_size - 1);
	enum err err;

	arena_init(&a, 65536);
	fail_init(&f, &a);
	err = xml_pick(&a, in, picks, 3, &f);
	if (err != ERR_OK) {
		buf_addf(&b, "%s %u %s", err_name(err), (uint64_t)f.pos,
		    fail_text(&f));
	}
	for (size_t i = 0; err == ERR_OK && i < 3; i++) {
		buf_addf(&b, "(%s)", picks[i].text.p == NULL ? S("-") :
		    picks[i].text);
	}
	log[b.len] = '\0';
	arena_free(&a);
	return err == ERR_OK ? 1 : -(int)err;
}

static int
feed(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	(void)ctx;
	if (more) {
		return 0;
	}
	return pick_log(bytes, log, log_size);
}

#define GIVES(in, want) do { \
	char log_[4096]; \
	pick_log(S(in), log_, sizeof(log_)); \
	CHECK_STR(str_from_z(log_), S(want)); \
	CHECK(test_five_ways(feed, NULL, S(in), false)); \
} while (0)

TEST(an_sts_answer_is_picked)
{
	struct xml_pick p[] = {
		{ S("AssumeRoleResponse/AssumeRoleResult/Credentials/"
		    "AccessKeyId"), STR_NONE },
		{ S("AssumeRoleResponse/AssumeRoleResult/Credentials/"
		    "SecretAccessKey"), STR_NONE },
		{ S("AssumeRoleResponse/AssumeRoleResult/Credentials/"
		    "SessionToken"), STR_NONE },
	};
	struct arena a;

	arena_init(&a, 65536);
	CHECK_INT(xml_pick(&a, S(ROLE), p, 3, NULL), ERR_OK);
	CHECK_STR(p[0].text, S("ASIA1"));
	CHECK_STR(p[1].text, S("a/b+c"));
	CHECK(p[2].text.p == NULL);
	CHECK_INT(a.alloc_n, 0);
	arena_free(&a);
}

TEST(elements_are_found_by_their_whole_path)
{
	GIVES("<a><b>1</b></a>", "(1)(-)()");
	GIVES("<a><c><b>1</b></c></a>", "(-)(-)()");
	GIVES("<b>1</b>", "(-)(-)(-)");
	GIVES("<a>x</a>", "(-)(-)(x)");
}

TEST(repeated_elements_fill_picks_in_order)
{
	GIVES("<a><b>1</b><b>2</b><b>3</b></a>", "(1)(2)()");
}

TEST(empty_elements_have_empty_text)
{
	GIVES("<a><b/></a>", "()(-)()");
	GIVES("<a><b></b><b x='1' /></a>", "()()()");
	GIVES("<a/>", "(-)(-)()");
}

TEST(references_are_decoded)
{
	GIVES("<a>&lt;&gt;&amp;&quot;&apos;</a>", "(-)(-)(<>&\"')");
	GIVES("<a>x&#65;&#x42;&#x00e9;&#8364;&#x1F600;y</a>",
	    "(-)(-)(xAB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80y)");
}

TEST(cdata_and_comments_inside_text_work)
{
	GIVES("<a>1<![CDATA[<&>]]>2<!-- <x> -->3<?p ?>4</a>",
	    "(-)(-)(1<&>234)");
	GIVES("<a><![CDATA[]]></a>", "(-)(-)()");
}

TEST(prolog_and_epilog_are_skipped)
{
	GIVES("\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- c -->\n<a>x</a>",
	    "(-)(-)(x)");
}

TEST(attributes_are_skipped)
{
	GIVES("<a x=\"1>2\" y='\"/>'>t</a >", "(-)(-)(t)");
}

TEST(document_types_are_refused)
{
	GIVES("<!DOCTYPE a [<!ENTITY e \"x\">]><a>&e;</a>",
	    "SYNTAX 0 XML with a document type is refused");
	GIVES("<a><!ELEMENT b></a>",
	    "SYNTAX 3 XML with a document type is refused");
}

TEST(unknown_references_are_errors)
{
	GIVES("<a>&e;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&amp</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>x&;</a>", "SYNTAX 4 an XML reference that is not known");
	GIVES("<a>&#;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#x;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#1a;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#xg;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#0;</a>", "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#xD800;</a>",
	    "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#x110000;</a>",
	    "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#xFFFF;</a>",
	    "SYNTAX 3 an XML reference that is not known");
	GIVES("<a>&#000000065;</a>",
	    "SYNTAX 3 an XML reference that is not known");
}

TEST(control_characters_are_errors)
{
	GIVES("<a>x\x01</a>", "SYNTAX 4 a control character in XML text");
	GIVES("<a><!--\x02--></a>", "SYNTAX 7 a control character in XML text");
	GIVES("<a x='\x03'/>", "SYNTAX 0 a malformed XML tag");
}

TEST(tags_must_nest_and_close)
{
	GIVES("", "SYNTAX 0 XML that ends too early");
	GIVES("<a>", "SYNTAX 3 XML that ends too early");
	GIVES("<a></b>", "SYNTAX 3 an XML end tag that closes nothing");
	GIVES("</a>", "SYNTAX 0 an XML end tag that closes nothing");
	GIVES("<a></a", "SYNTAX 3 a malformed XML end tag");
	GIVES("<a></a x>", "SYNTAX 3 a malformed XML end tag");
	GIVES("<>", "SYNTAX 0 a malformed XML tag");
	GIVES("<a", "SYNTAX 0 a malformed XML tag");
	GIVES("<a x=\"", "SYNTAX 0 a malformed XML tag");
	GIVES("<a <b>", "SYNTAX 0 a malformed XML tag");
	GIVES("<a><!-- ", "SYNTAX 3 XML ends inside of markup");
	GIVES("x<a/>", "SYNTAX 0 text outside of the XML document");
	GIVES("<![CDATA[x]]><a/>",
	    "SYNTAX 0 text outside of the XML document");
	GIVES("{\"a\": 1}", "SYNTAX 0 text outside of the XML document");
}

TEST(nothing_but_space_may_follow_the_document)
{
	char log[256];

	/* Not five ways: their prefixes are whole documents. */
	pick_log(S("<a/> \n<!-- c -->"), log, sizeof(log));
	CHECK_STR(str_from_z(log), S("(-)(-)()"));
	pick_log(S("<a/><b/>"), log, sizeof(log));
	CHECK_STR(str_from_z(log),
	    S("SYNTAX 4 XML goes on behind its document"));
	pick_log(S("<a/>y"), log, sizeof(log));
	CHECK_STR(str_from_z(log),
	    S("SYNTAX 4 text outside of the XML document"));
}

TEST(nesting_is_bounded)
{
	struct arena a;
	struct fail f;
	char doc[(XML_DEPTH_MAX + 1) * 7];
	struct buf b = buf_fixed(doc, sizeof(doc));

	arena_init(&a, 65536);
	fail_init(&f, &a);
	for (size_t i = 0; i < XML_DEPTH_MAX; i++) {
		buf_add(&b, S("<a>"));
	}
	for (size_t i = 0; i < XML_DEPTH_MAX; i++) {
		buf_add(&b, S("</a>"));
	}
	CHECK_INT(xml_pick(&a, buf_str(&b), NULL, 0, &f), ERR_OK);
	buf_clear(&b);
	for (size_t i = 0; i <= XML_DEPTH_MAX; i++) {
		buf_add(&b, S("<a>"));
	}
	CHECK_INT(xml_pick(&a, buf_str(&b), NULL, 0, &f), ERR_DEPTH);
	CHECK_INT(f.pos, 3 * XML_DEPTH_MAX);
	arena_free(&a);
}

TEST(written_text_reads_back)
{
	struct xml_pick p = { S("a"), STR_NONE };
	char doc[256];
	struct buf b = buf_fixed(doc, sizeof(doc));
	struct str text = S("<a href=\"x\">&amp; 'q'\r\n\t\xc3\xa9</a>");
	struct arena a;

	arena_init(&a, 65536);
	buf_add(&b, S("<a>"));
	xml_add_text(&b, text);
	buf_add(&b, S("</a>"));
	CHECK_INT(xml_pick(&a, buf_str(&b), &p, 1, NULL), ERR_OK);
	CHECK_STR(p.text, text);
	buf_clear(&b);
	xml_add_text(&b, S("a\x01" "b"));
	CHECK_STR(buf_str(&b), S("a\xef\xbf\xbd" "b"));
	arena_free(&a);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct xml_pick p = { S("a"), STR_NONE };
	struct fail f;

	(void)ctx;
	fail_init(&f, a);
	return xml_pick(a, S("<a>x&amp;y</a>"), &p, 1, &f) == ERR_OK;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	CHECK_INT(test_fail_sweep(sweep, NULL, 1 << 20), 1);
}
