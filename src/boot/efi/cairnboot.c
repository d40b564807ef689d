/* The first program of cairn's that the firmware starts: it publishes the firmware's event log for dom0, then starts the
 * boot loader from the same volume. The firmware measures both of them to PCR 4; this program measures nothing.
 *
 * The options of its own boot entry are not handed on: they are neither in PCR 4 nor in PCR 8, and Xen would append
 * them to its command line. A next image that fails ends in a reset, never in a prompt or a hang. */
#include <efi.h>
#include <efilib.h>

#include "eventlog.h"

#define NEXT	       L"\\EFI\\cairn\\grubx64.efi"
#define RESET_DELAY_US 5000000

static VOID report(EFI_STATUS st)
{
	if (st == EFI_SUCCESS)
		Print(L"cairnboot: event log published\n");
	else if (st == EVENTLOG_TRUNCATED)
		Print(
		    L"cairnboot: no event log: the firmware truncated it. This boot will not be trusted.\n");
	else if (st == EFI_NOT_FOUND)
		Print(L"cairnboot: no event log: the firmware knows no TPM. This boot is not measured.\n");
	else
		Print(L"cairnboot: no event log: %r. This boot will not be trusted.\n", st);
}

/* UEFI 2.10, 7.4.1 LoadImage: the firmware sets no load options; they are cleared all the same, for what a firmware
 * might copy from its parent. */
static EFI_STATUS load_next(EFI_HANDLE self, EFI_HANDLE *next)
{
	EFI_LOADED_IMAGE *own = NULL, *image = NULL;
	EFI_STATUS st = BS->HandleProtocol(self, &LoadedImageProtocol, (VOID **)&own);

	if (EFI_ERROR(st))
		return st;
	EFI_DEVICE_PATH *path = FileDevicePath(own->DeviceHandle, NEXT);
	if (!path)
		return EFI_OUT_OF_RESOURCES;
	st = BS->LoadImage(FALSE, self, path, NULL, 0, next);
	FreePool(path);
	if (EFI_ERROR(st))
		return st;
	st = BS->HandleProtocol(*next, &LoadedImageProtocol, (VOID **)&image);
	if (EFI_ERROR(st))
		return st;
	image->LoadOptions = NULL;
	image->LoadOptionsSize = 0;
	return EFI_SUCCESS;
}

/* gnu-efi's crt0 calls this with the System V ABI: no EFIAPI. */
EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system);

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	EFI_HANDLE next = NULL;

	InitializeLib(self, system);
	report(eventlog_publish());
	EFI_STATUS st = load_next(self, &next);
	if (!EFI_ERROR(st))
		st = BS->StartImage(next, NULL, NULL);
	Print(L"cairnboot: %s: %r. Resetting in a few seconds.\n", NEXT, EFI_ERROR(st) ? st : EFI_ABORTED);
	BS->Stall(RESET_DELAY_US);
	RT->ResetSystem(EfiResetCold, EFI_SUCCESS, 0, NULL);
	return EFI_ABORTED;
}
