/* What gnu-efi lacks of the TCG EFI Protocol Specification, Family "2.0", Level 00, Revision 00.13 ("EFIP"), of the TCG
 * PC Client Platform Firmware Profile Specification, Level 00, Version 1.05 ("PFP"), and of Linux's own table. */
#ifndef CAIRNBOOT_TCG2_H
#define CAIRNBOOT_TCG2_H

#include <efi.h>

/* EFIP 6.2: EFI_TCG2_PROTOCOL. The members after the last one that is used here are left out. */
struct tcg2 {
	EFI_STATUS(EFIAPI *GetCapability)(struct tcg2 *self, VOID *capability);
	EFI_STATUS(EFIAPI *GetEventLog)
	(struct tcg2 *self, UINT32 format, EFI_PHYSICAL_ADDRESS *start, EFI_PHYSICAL_ADDRESS *last,
	 BOOLEAN *truncated);
};
#define TCG2_PROTOCOL_GUID                                                                                   \
	{                                                                                                    \
		0x607f766c, 0x7455, 0x42be,                                                                  \
		{                                                                                            \
			0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f                                       \
		}                                                                                            \
	}
#define TCG2_EVENT_LOG_FORMAT_TCG_2 2 /* EFIP 6.4: EFI_TCG2_EVENT_LOG_FORMAT_TCG_2 */

/* EFIP 7: EFI_TCG2_FINAL_EVENTS_TABLE, followed by that many TCG_PCR_EVENT2. */
struct tcg2_final_events {
	UINT64 version;
	UINT64 count;
	UINT8 events[];
} __attribute__((packed));
#define TCG2_FINAL_EVENTS_GUID                                                                               \
	{                                                                                                    \
		0x1e2ed096, 0x30e2, 0x4254,                                                                  \
		{                                                                                            \
			0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25                                       \
		}                                                                                            \
	}

/* PFP 10.2.1: TCG_PCClientPCREvent, the form of the first event only: pcr 4, type 4, SHA-1 digest 20, size 4. */
#define PCR_EVENT_SIZE_AT 28
#define PCR_EVENT_DATA_AT 32
/* PFP 10.4.5.1: TCG_EfiSpecIDEventStruct, in that event's data: signature 16, platform class 4, version 4, then
 * numberOfAlgorithms 4 and for each {algorithm 2, digest size 2}. */
#define SPEC_ID_COUNT_AT (PCR_EVENT_DATA_AT + 24)
#define SPEC_ID_ALGS_AT	 (PCR_EVENT_DATA_AT + 28)
#define SPEC_ID_ALGS_MAX 16
/* PFP 10.2.2: TCG_PCR_EVENT2: pcr 4, type 4, then digests {count 4, count x {algorithm 2, digest}}, size 4, data. */
#define PCR_EVENT2_COUNT_AT   8
#define PCR_EVENT2_DIGESTS_AT 12

/* Linux include/linux/efi.h: struct linux_efi_tpm_eventlog, LINUX_EFI_TPM_EVENT_LOG_GUID. */
struct linux_event_log {
	UINT32 size;		   /* bytes of log[] */
	UINT32 final_preboot_size; /* bytes of the Final Events table that log[] holds already */
	UINT8 version;		   /* TCG2_EVENT_LOG_FORMAT_TCG_2 */
	UINT8 log[];
} __attribute__((packed));
#define LINUX_EVENT_LOG_GUID                                                                                 \
	{                                                                                                    \
		0xb7799cb0, 0xeca2, 0x4943,                                                                  \
		{                                                                                            \
			0x96, 0x67, 0x1f, 0xae, 0x07, 0xb7, 0x47, 0xfa                                       \
		}                                                                                            \
	}

#endif
