/* Publishes the firmware's event log as Linux's EFI stub would (drivers/firmware/efi/libstub/tpm.c), because dom0's
 * kernel is started by Xen and never runs that stub. The firmware is trusted here: it wrote the log, and whoever reads
 * it afterwards replays it against the TPM. */
#include <efi.h>
#include <efilib.h>

#include "eventlog.h"
#include "tcg2.h"

/* The log grows until boot services end; nothing can be allocated then. EDK2 stops at 64 KiB. */
#define GROWTH 0x40000

static struct tcg2 *tcg;
static struct linux_event_log *table;
static UINTN room; /* bytes available for table->log */

static UINT32 le16(const UINT8 *p)
{
	return (UINT32)p[0] | (UINT32)p[1] << 8;
}

static UINT32 le32(const UINT8 *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* The size of digests of this algorithm, by the log's first event. 0 = it names no such algorithm. */
static UINTN digest_size(const UINT8 *log, UINT32 algorithm)
{
	UINT32 count = le32(log + SPEC_ID_COUNT_AT);
	const UINT8 *entry = log + SPEC_ID_ALGS_AT;

	if (count > SPEC_ID_ALGS_MAX)
		return 0;
	for (UINT32 i = 0; i < count; i++, entry += 4)
		if (le16(entry) == algorithm)
			return le16(entry + 2);
	return 0;
}

/* The size of one TCG_PCR_EVENT2. 0 = malformed. */
static UINTN event_size(const UINT8 *event, const UINT8 *log)
{
	UINT32 count = le32(event + PCR_EVENT2_COUNT_AT);
	const UINT8 *p = event + PCR_EVENT2_DIGESTS_AT;

	if (count > SPEC_ID_ALGS_MAX)
		return 0;
	for (UINT32 i = 0; i < count; i++) {
		UINTN size = digest_size(log, le16(p));
		if (!size)
			return 0;
		p += 2 + size;
	}
	return (UINTN)(p + 4 - event) + le32(p);
}

/* EFIP 6.5: `last` is the address of the start of the last event; of the first event where there is only that. */
static EFI_STATUS firmware_log(const UINT8 **log, UINTN *size)
{
	EFI_PHYSICAL_ADDRESS start = 0, last = 0;
	BOOLEAN truncated = FALSE;
	EFI_STATUS st = tcg->GetEventLog(tcg, TCG2_EVENT_LOG_FORMAT_TCG_2, &start, &last, &truncated);

	if (EFI_ERROR(st))
		return st;
	if (!start || !last)
		return EFI_NOT_FOUND;
	if (truncated)
		return EVENTLOG_TRUNCATED;
	*log = (const UINT8 *)(UINTN)start;
	if (last == start) {
		*size = PCR_EVENT_DATA_AT + le32(*log + PCR_EVENT_SIZE_AT);
		return EFI_SUCCESS;
	}
	UINTN tail = event_size((const UINT8 *)(UINTN)last, *log);
	*size = last - start + tail;
	return tail ? EFI_SUCCESS : EFI_COMPROMISED_DATA;
}

static const struct tcg2_final_events *final_events(VOID)
{
	EFI_GUID guid = TCG2_FINAL_EVENTS_GUID;

	for (UINTN i = 0; i < ST->NumberOfTableEntries; i++)
		if (!CompareGuid(&ST->ConfigurationTable[i].VendorGuid, &guid))
			return ST->ConfigurationTable[i].VendorTable;
	return NULL;
}

/* EFIP 7: from the first GetEventLog on, every event goes to the Final Events table as well as to the log. Linux skips
 * as many bytes of that table as the copy of the log has of it. */
static UINT32 final_size(const UINT8 *log)
{
	const struct tcg2_final_events *final = final_events();
	UINTN at = 0;

	for (UINT64 i = 0; final && i < final->count; i++) {
		UINTN size = event_size(final->events + at, log);
		if (!size)
			break;
		at += size;
	}
	return (UINT32)at;
}

/* Leaves the table as it was unless everything succeeds. */
static EFI_STATUS refresh(VOID)
{
	const UINT8 *log = NULL;
	UINTN size = 0;
	EFI_STATUS st = firmware_log(&log, &size);

	if (st != EFI_SUCCESS)
		return st;
	if (size > room)
		return EFI_BUFFER_TOO_SMALL;
	for (UINTN i = 0; i < size; i++)
		table->log[i] = log[i];
	table->version = TCG2_EVENT_LOG_FORMAT_TCG_2;
	table->final_preboot_size = final_size(log); /* after GetEventLog, which may have filled that table */
	table->size = (UINT32)size;
	return EFI_SUCCESS;
}

/* No allocation and no console here. Where this refresh fails (a log that was truncated meanwhile, too), the early copy
 * stays: it lacks events then, does not replay, and is refused by whoever reads it. */
static VOID EFIAPI on_exit_boot_services(EFI_EVENT event, VOID *context)
{
	(VOID) event;
	(VOID) context;
	(VOID) refresh();
}

/* ACPI reclaim memory: what Xen leaves to dom0 as it is. Loader data it hands out as free memory. */
static EFI_STATUS allocate(UINTN size)
{
	UINTN pages = EFI_SIZE_TO_PAGES(sizeof(*table) + size);
	EFI_PHYSICAL_ADDRESS at = 0;
	EFI_STATUS st = BS->AllocatePages(AllocateAnyPages, EfiACPIReclaimMemory, pages, &at);

	if (EFI_ERROR(st))
		return st;
	table = (struct linux_event_log *)(UINTN)at;
	room = (pages << EFI_PAGE_SHIFT) - sizeof(*table);
	ZeroMem(table, pages << EFI_PAGE_SHIFT);
	return EFI_SUCCESS;
}

/* TPL_CALLBACK runs after the firmware's own TPL_NOTIFY handler, which measures the end of boot services to PCR 5. */
static EFI_STATUS install(VOID)
{
	EFI_GUID guid = LINUX_EVENT_LOG_GUID;
	EFI_EVENT event = NULL;
	EFI_STATUS st =
	    BS->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_CALLBACK, on_exit_boot_services, NULL, &event);

	if (EFI_ERROR(st))
		return st;
	st = BS->InstallConfigurationTable(&guid, table);
	if (EFI_ERROR(st))
		BS->CloseEvent(event);
	return st;
}

EFI_STATUS eventlog_publish(VOID)
{
	EFI_GUID guid = TCG2_PROTOCOL_GUID;
	const UINT8 *log = NULL;
	UINTN size = 0;
	EFI_STATUS st = BS->LocateProtocol(&guid, NULL, (VOID **)&tcg);

	if (!EFI_ERROR(st))
		st = firmware_log(&log, &size);
	if (st == EFI_SUCCESS)
		st = allocate(size + GROWTH);
	if (st == EFI_SUCCESS)
		st = refresh();
	if (st == EFI_SUCCESS)
		st = install();
	return st;
}
