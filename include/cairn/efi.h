/* The EFI structures that firmware puts into event logs, and their readable forms.
 *
 * Sources: UEFI 2.10 (sections named at each structure), TCG PC Client Platform Firmware Profile (PFP) 1.06 r52,
 * section 10 (event data structures).
 *
 * Trusts nothing and decides nothing: these are readers of hostile bytes. They allocate nothing and return views into
 * the input; only the functions that write text append to a buffer of the caller. Nothing here recurses.
 */
#ifndef CAIRN_EFI_H
#define CAIRN_EFI_H

#include "cairn/bytes.h"

/* ---- text -------------------------------------------------------------------------------------------------------
 * Appended as UTF-8. Characters that could deceive a reader or a terminal (controls, U+2028..202E and other invisible
 * or direction-changing ones, unpaired surrogates) are written as \u followed by their number in hex; bytes that are
 * not UTF-8 as \x and two digits. A backslash stays what it is: paths have them. */
void cairn_text_utf16(struct cairn_buf *out, struct cairn_span utf16le);
void cairn_text_utf8(struct cairn_buf *out, struct cairn_span bytes);
/* True if the UTF-16LE text is exactly this ASCII text. */
bool cairn_utf16_is(struct cairn_span utf16le, const char *ascii);
/* The bytes without the NULs that they end with: of one byte each, or of two (UTF-16). */
struct cairn_span cairn_span_chomp(struct cairn_span s);
struct cairn_span cairn_span_chomp16(struct cairn_span s);

/* EFI_GUID as text, "8be4df61-93ca-11d2-aa0d-00e098032b8c". UEFI 2.10, appendix A. */
#define CAIRN_GUID_SIZE 16
struct cairn_guid_text {
	char text[37];
};
struct cairn_guid_text cairn_guid_text(struct cairn_span guid); /* zeros where it is not 16 bytes */
/* "EFI_GLOBAL_VARIABLE"; NULL for one that is not known. */
const char *cairn_guid_name(struct cairn_span guid);
bool cairn_guid_is(struct cairn_span guid, const char *text);

#define CAIRN_GUID_GLOBAL	  "8be4df61-93ca-11d2-aa0d-00e098032b8c" /* UEFI 2.10, section 3.3 */
#define CAIRN_GUID_IMAGE_SECURITY "d719b2cb-3d3a-4596-a3bc-dad00e67656f" /* UEFI 2.10, section 32.6.1 */
#define CAIRN_GUID_SHIM		  "605dab50-e046-4300-abb6-3dd810dd8b23" /* shim, lib/guid.c */
#define CAIRN_GUID_CERT_X509	  "a5c059a1-94e4-4aa7-87b5-ab155c2bf072" /* UEFI 2.10, section 32.4.1 */
#define CAIRN_GUID_CERT_SHA256	  "c1c41626-504c-4092-aca9-41f936934328" /* UEFI 2.10, section 32.4.1 */

/* ---- variables --------------------------------------------------------------------------------------------------
 * UEFI_VARIABLE_DATA, PFP 1.06 r52, section 10.4.2.6. */
struct cairn_efi_variable {
	struct cairn_span guid; /* 16 bytes */
	struct cairn_span name; /* UTF-16LE, without a final NUL */
	struct cairn_span data;
};
/* The next variable: firmware has been seen to put several into one event. CAIRN_E_TRUNCATED. */
enum cairn_status cairn_efi_variable_next(struct cairn_efi_variable *out,
					  struct cairn_cur *c) CAIRN_MUST_CHECK;
/* The whole input is one variable: CAIRN_E_TRUNCATED, CAIRN_E_TRAILING. */
enum cairn_status cairn_efi_variable_read(struct cairn_efi_variable *out,
					  struct cairn_span in) CAIRN_MUST_CHECK;
/* The content of a variable, if the whole input is the one of this owner and name. */
bool cairn_efi_variable_content(struct cairn_span *out, struct cairn_span in, const char *guid,
				const char *name);
bool cairn_efi_variable_is(const struct cairn_efi_variable *v, const char *guid, const char *name);

/* ---- signature lists --------------------------------------------------------------------------------------------
 * EFI_SIGNATURE_LIST, UEFI 2.10, section 32.4.1: lists, each of signatures of one type and size. A list is refused
 * (CAIRN_E_MALFORMED) that is shorter than its own headers, whose signatures are too short to have an owner, or do not
 * fill it exactly; CAIRN_E_TRUNCATED one that is longer than what is there. The vendor's SignatureHeader is skipped.
 *	struct cairn_efi_signatures it = cairn_efi_signatures(data);
 *	while (cairn_efi_signature_next(&it, &sig)) ...
 *	if (it.lists.status != CAIRN_OK) ...: what came before is not to be used either
 */
struct cairn_efi_signature {
	struct cairn_span type;	 /* GUID: X.509, SHA-256... */
	struct cairn_span owner; /* GUID */
	struct cairn_span data;	 /* a certificate or a digest */
};
struct cairn_efi_signatures {
	struct cairn_cur lists, list;
	struct cairn_span type;
	uint32_t size; /* of each signature of the current list, with its owner */
};
struct cairn_efi_signatures cairn_efi_signatures(struct cairn_span in);
bool cairn_efi_signature_next(struct cairn_efi_signatures *it, struct cairn_efi_signature *out);
/* All lists are well formed. *count, if not NULL: of signatures. */
enum cairn_status cairn_efi_signatures_check(struct cairn_span in, size_t *count) CAIRN_MUST_CHECK;
/* "X.509", "SHA-256"; NULL for one that is not known. */
const char *cairn_efi_signature_type_name(struct cairn_span type);

/* ---- boot options -----------------------------------------------------------------------------------------------
 * EFI_LOAD_OPTION (Boot####), UEFI 2.10, section 3.1.3. What follows the device paths is handed to the program. */
struct cairn_efi_load_option {
	uint32_t attributes;
	struct cairn_span description; /* UTF-16LE, without its NUL */
	struct cairn_span path;	       /* packed device paths */
	struct cairn_span optional;
};
enum cairn_status cairn_efi_load_option_read(struct cairn_efi_load_option *out,
					     struct cairn_span in) CAIRN_MUST_CHECK;

/* ---- images and blobs -------------------------------------------------------------------------------------------
 * UEFI_IMAGE_LOAD_EVENT, PFP 1.06 r52, section 10.4.2.3. The device path may be empty. GRUB and shim have been seen to
 * log more bytes than the structure has. */
struct cairn_efi_image_load {
	uint64_t address, size, link_address;
	struct cairn_span path, trailing;
};
enum cairn_status cairn_efi_image_load_read(struct cairn_efi_image_load *out,
					    struct cairn_span in) CAIRN_MUST_CHECK;

/* UEFI_PLATFORM_FIRMWARE_BLOB, and with `described` the form 2 with a description. PFP 1.06 r52, section 10.4.2.2. */
struct cairn_efi_blob {
	struct cairn_span description; /* empty, or text with or without NUL */
	uint64_t base, size;
};
enum cairn_status cairn_efi_blob_read(struct cairn_efi_blob *out, struct cairn_span in,
				      bool described) CAIRN_MUST_CHECK;

/* UEFI_HANDOFF_TABLE_POINTERS(2), PFP 1.06 r52, section 10.4.2.4: `tables` are count times a GUID and an address. */
struct cairn_efi_handoff {
	struct cairn_span description;
	uint64_t count;
	struct cairn_span tables;
};
enum cairn_status cairn_efi_handoff_read(struct cairn_efi_handoff *out, struct cairn_span in,
					 bool described) CAIRN_MUST_CHECK;

/* UEFI_GPT_DATA, PFP 1.06 r52, section 10.4.2.5; header and entries: UEFI 2.10, section 5.3. */
struct cairn_efi_gpt {
	struct cairn_span disk; /* GUID */
	uint64_t count;		/* of partitions */
	uint32_t entry_size;	/* bytes, at least 128 */
	struct cairn_span entries;
};
struct cairn_efi_partition {
	struct cairn_span type, id; /* GUIDs */
	uint64_t first, last;	    /* LBA, inclusive */
	struct cairn_span name;	    /* UTF-16LE */
};
enum cairn_status cairn_efi_gpt_read(struct cairn_efi_gpt *out, struct cairn_span in) CAIRN_MUST_CHECK;
/* index < count */
struct cairn_efi_partition cairn_efi_partition(const struct cairn_efi_gpt *gpt, uint64_t index);

/* ---- device paths -----------------------------------------------------------------------------------------------
 * UEFI 2.10, section 10.3 (nodes) and 10.6 (text). Appends "PciRoot(0x0)/Pci(0x1,0x1)/HD(1,GPT,...)/\EFI\a.efi";
 * several paths are joined with a comma; nodes that are not known are Path(type,subtype,hex), and those whose content
 * is not what it should be too. At most CAIRN_DEVICE_PATH_NODES nodes. CAIRN_E_MALFORMED, _TRUNCATED, _LIMIT: what
 * was appended so far is to be thrown away. A path need not have its End node. That memory ran out only the buffer
 * says. */
#define CAIRN_DEVICE_PATH_NODES 256
enum cairn_status cairn_device_path_text(struct cairn_buf *out, struct cairn_span path) CAIRN_MUST_CHECK;

#endif
