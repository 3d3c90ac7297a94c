/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this program is made of, and under which terms.
 *
 * Scanners cannot see what was linked into a static program, so it says it
 * itself: an SPDX 2.3 document of packages. It depends on the sources alone
 * (the date is that of the version), so that a rebuilt program prints the same
 * bytes.
 */
#include "cli/cli.h"
#include "proto/json.h"

struct component {
	struct str name, version, kind, purl, where, sha256, licence,
	    copyright, note;
};

#define COMPONENT(name_, version_, kind_, purl_, where_, sha256_, licence_, \
    copyright_, note_) \
	{ STR_INIT(name_), STR_INIT(version_), STR_INIT(kind_), \
	    STR_INIT(purl_), STR_INIT(where_), STR_INIT(sha256_), \
	    STR_INIT(licence_), STR_INIT(copyright_), STR_INIT(note_) },
static const struct component components[] = {
	COMPONENT("cloudwatch-mcp", VERSION, "APPLICATION",
	    "pkg:generic/cloudwatch-mcp@" VERSION, "NOASSERTION", "",
	    "Apache-2.0", "Copyright the cloudwatch-mcp authors",
	    "One static program; holds all other packages.")
#include "gen/components.def"
};
#undef COMPONENT

#define COMPONENT_N (sizeof(components) / sizeof(components[0]))

static void
put_package(struct json_writer *w, const struct component *c)
{
	char id[64];
	struct buf b = buf_fixed(id, sizeof(id));

	buf_addf(&b, "SPDXRef-%s", c->name);
	json_begin_object(w);
	json_put_string(w, S("name"), c->name);
	json_put_string(w, S("SPDXID"), buf_str(&b));
	json_put_string(w, S("versionInfo"), c->version);
	json_put_string(w, S("downloadLocation"), c->where);
	json_put_boolean(w, S("filesAnalyzed"), false);
	json_put_string(w, S("licenseConcluded"), c->licence);
	json_put_string(w, S("licenseDeclared"), c->licence);
	json_put_string(w, S("copyrightText"), c->copyright);
	json_put_string(w, S("comment"), c->note);
	/* SPDX has no purpose "data". */
	json_put_string(w, S("primaryPackagePurpose"),
	    str_eq(c->kind, S("DATA")) ? S("OTHER") : c->kind);
	if (c->sha256.len > 0) {
		json_key(w, S("checksums"));
		json_begin_array(w);
		json_begin_object(w);
		json_put_string(w, S("algorithm"), S("SHA256"));
		json_put_string(w, S("checksumValue"), c->sha256);
		json_end_object(w);
		json_end_array(w);
	}
	json_key(w, S("externalRefs"));
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, S("referenceCategory"), S("PACKAGE-MANAGER"));
	json_put_string(w, S("referenceType"), S("purl"));
	json_put_string(w, S("referenceLocator"), c->purl);
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void
put_relation(struct json_writer *w, struct str from, struct str type,
    struct str to)
{
	char text[64];
	struct buf b = buf_fixed(text, sizeof(text));

	json_begin_object(w);
	buf_addf(&b, "SPDXRef-%s", from);
	json_put_string(w, S("spdxElementId"), buf_str(&b));
	json_put_string(w, S("relationshipType"), type);
	buf_clear(&b);
	buf_addf(&b, "SPDXRef-%s", to);
	json_put_string(w, S("relatedSpdxElement"), buf_str(&b));
	json_end_object(w);
}

/* A document's namespace has to be its own: it is named after what the parts
 * of the program are. */
static void
put_namespace(struct json_writer *w)
{
	char text[160];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add(&b, S("https://spdx.org/spdxdocs/cloudwatch-mcp-" VERSION));
	for (size_t i = 1; i < COMPONENT_N; i++) {
		buf_addf(&b, "-%s", str_sub(components[i].sha256, 0, 12));
	}
	json_put_string(w, S("documentNamespace"), buf_str(&b));
}

/* see cli.h */
void
cli_sbom(struct buf *out)
{
	struct json_writer w = json_writer(out);
	struct str self = components[0].name;

	json_begin_object(&w);
	json_put_string(&w, S("spdxVersion"), S("SPDX-2.3"));
	json_put_string(&w, S("dataLicense"), S("CC0-1.0"));
	json_put_string(&w, S("SPDXID"), S("SPDXRef-DOCUMENT"));
	json_put_string(&w, S("name"), S("cloudwatch-mcp-" VERSION));
	put_namespace(&w);
	json_key(&w, S("creationInfo"));
	json_begin_object(&w);
	json_put_string(&w, S("created"), S(RELEASED "T00:00:00Z"));
	json_key(&w, S("creators"));
	json_begin_array(&w);
	json_string(&w, S("Tool: cloudwatch-mcp-" VERSION));
	json_end_array(&w);
	json_end_object(&w);
	json_key(&w, S("packages"));
	json_begin_array(&w);
	for (size_t i = 0; i < COMPONENT_N; i++) {
		put_package(&w, &components[i]);
	}
	json_end_array(&w);
	json_key(&w, S("relationships"));
	json_begin_array(&w);
	put_relation(&w, S("DOCUMENT"), S("DESCRIBES"), self);
	for (size_t i = 1; i < COMPONENT_N; i++) {
		put_relation(&w, self, S("CONTAINS"), components[i].name);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_add_byte(out, '\n');
}

/* see cli.h */
void
cli_notices(struct buf *out)
{
	buf_add(out, S("cloudwatch-mcp is licensed under the Apache License, "
	    "Version 2.0:\nhttps://www.apache.org/licenses/LICENSE-2.0\n\n"
	    "It contains:\n"));
	for (size_t i = 1; i < COMPONENT_N; i++) {
		const struct component *c = &components[i];

		buf_addf(out, "\n%s %s (%s)\n", c->name, c->version,
		    c->licence);
		if (!str_eq(c->copyright, S("NOASSERTION"))) {
			buf_addf(out, "%s\n", c->copyright);
		}
		buf_addf(out, "%s\n", c->note);
	}
	buf_add(out, S("\n"
	    "Parts of musl are Copyright (c) 1993,2004 Sun Microsystems,\n"
	    "2003-2011 David Schultz, 2003-2009 Steven G. Kargl,\n"
	    "2003-2009 Bruce D. Evans, 2008 Stephen L. Moshier, 1999-2019\n"
	    "Arm Limited, 2011 Valentin Ochs, and were written by\n"
	    "Nicholas J. Kain, under the same or as permissive terms; its\n"
	    "COPYRIGHT file says more.\n"
	    "\n"
	    "The trust anchors are facts from Mozilla's list of\n"
	    "certificate authorities. That list, certdata.txt, is subject\n"
	    "to the terms of the Mozilla Public License, v. 2.0,\n"
	    "https://mozilla.org/MPL/2.0/, and can be had from\n"
	    "https://hg.mozilla.org/projects/nss.\n"
	    "\n"
	    "The MIT licence of BearSSL and musl:\n"
	    "\n"
	    "Permission is hereby granted, free of charge, to any person\n"
	    "obtaining a copy of this software and associated\n"
	    "documentation files (the \"Software\"), to deal in the\n"
	    "Software without restriction, including without limitation\n"
	    "the rights to use, copy, modify, merge, publish, distribute,\n"
	    "sublicense, and/or sell copies of the Software, and to\n"
	    "permit persons to whom the Software is furnished to do so,\n"
	    "subject to the following conditions:\n"
	    "\n"
	    "The above copyright notice and this permission notice shall\n"
	    "be included in all copies or substantial portions of the\n"
	    "Software.\n"
	    "\n"
	    "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY\n"
	    "KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE\n"
	    "WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR\n"
	    "PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS\n"
	    "OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR\n"
	    "OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR\n"
	    "OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE\n"
	    "SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n"));
}
