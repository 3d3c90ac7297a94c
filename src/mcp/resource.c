/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching of URIs against templates. Templates are our own text; URIs come
 * from outside. A variable takes the bytes up to the literal that follows it
 * in the template, and never a '/', so one pass without backtracking is exact
 * as long as the literal behind a variable begins with a byte that its values
 * do not contain; templates are written that way.
 */
#include "mcp/resource.h"

#include "proto/url.h"

/* Cuts the next piece off the template: a literal, or a variable's name. */
static struct str
next_piece(struct str *rest, bool *variable)
{
	size_t end;
	struct str piece;

	*variable = rest->p[0] == '{';
	end = str_find_byte(*rest, *variable ? '}' : '{', 0);
	MUST(!*variable || end < rest->len); /* our own text */
	piece = str_sub(*rest, *variable, end);
	*rest = str_sub(*rest, end + *variable, rest->len);
	return piece;
}

/* see resource.h */
bool
resource_template_match(struct arena *a, struct str uri_template,
    struct str uri, struct resource_match *out)
{
	struct str rest = uri_template;
	struct str left = uri;

	*out = (struct resource_match){ .uri = uri };
	while (rest.len > 0) {
		bool variable;
		struct str piece = next_piece(&rest, &variable);
		size_t end;

		if (!variable) {
			if (!str_starts(left, piece)) {
				return false;
			}
			left = str_sub(left, piece.len, left.len);
			continue;
		}
		end = str_find_byte(left, '/', 0);
		if (rest.len > 0 && rest.p[0] != '/') {
			size_t stop = str_find_byte(left, rest.p[0], 0);

			end = stop < end ? stop : end;
		}
		MUST(out->value_n < MCP_TEMPLATE_VAR_MAX_N);
		if (end == 0 || url_decode(a, str_sub(left, 0, end), false,
		    &out->values[out->value_n++]) != ERR_OK) {
			return false;
		}
		left = str_sub(left, end, left.len);
	}
	return left.len == 0;
}

/* see resource.h */
bool
resource_template_has(struct str uri_template, struct str variable)
{
	struct str rest = uri_template;

	while (rest.len > 0) {
		bool is_variable;
		struct str piece = next_piece(&rest, &is_variable);

		if (is_variable && str_eq(piece, variable)) {
			return true;
		}
	}
	return false;
}
