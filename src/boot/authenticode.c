/* The Authenticode hash, step by step as the format's document numbers them. */
#include "boot/pe.h"
#include "cairn/authenticode.h"

struct hashing {
	struct cairn_hasher *hasher;
	const struct cairn_pe *pe;
	enum cairn_status status;
};

/* Adds the bytes from..to of the file, unless something has failed before. The layout was checked: from <= to. */
static void add(struct hashing *h, uint64_t from, uint64_t to)
{
	if (h->status != CAIRN_OK)
		return;
	struct cairn_cur c = cairn_cur(h->pe->file);
	cairn_cur_bytes(&c, from);
	struct cairn_span part = cairn_cur_bytes(&c, to - from);
	h->status = cairn_cur_ok(&c) ? cairn_hasher_add(h->hasher, part) : c.status;
}

/* Steps 3-7: the headers without the checksum and without the certificate table's directory entry. */
static void add_headers(struct hashing *h)
{
	const struct cairn_pe *pe = h->pe;
	uint64_t from = pe->checksum_at + 4;
	add(h, 0, pe->checksum_at);
	if (pe->certdir_at != 0) {
		add(h, from, pe->certdir_at);
		from = pe->certdir_at + 8;
	}
	add(h, from, pe->header_size);
}

/* Steps 8-14: the sections in file order, then what follows them up to the certificate table. */
static void add_body(struct hashing *h)
{
	const struct cairn_pe *pe = h->pe;
	uint64_t hashed = pe->header_size;
	for (size_t i = 0; i < pe->count; i++) {
		add(h, pe->section[i].raw, (uint64_t)pe->section[i].raw + pe->section[i].raw_size);
		hashed += pe->section[i].raw_size;
	}
	add(h, hashed, pe->file.len - pe->cert_size);
}

enum cairn_status cairn_authenticode_hash(struct cairn_digest *out, enum cairn_alg alg,
					  struct cairn_span image)
{
	struct cairn_pe pe = {0};
	struct hashing h = {.pe = &pe};
	h.status = cairn_pe_parse(&pe, image);
	if (h.status == CAIRN_OK)
		h.status = cairn_hasher_new(&h.hasher, alg);
	add_headers(&h);
	add_body(&h);
	if (h.status == CAIRN_OK)
		h.status = cairn_hasher_take(h.hasher, out);
	cairn_hasher_free(h.hasher);
	return h.status;
}
