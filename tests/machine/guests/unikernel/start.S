/* Where Xen enters a PV domain, and the notes by which its domain builder knows one. */
#include <xen/elfnote.h>

#define STACK 16384
#define BASE  0x400000 /* of unikernel.lds */

	.section .text.start, "ax"
	.globl	start
start:
	leaq	stack + STACK(%rip), %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi /* the start_info page */
	call	unikernel_main
	ud2

	.bss
	.balign	16
stack:
	.skip	STACK

.macro note type, value:vararg
	.balign	4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\value
2:	.balign	4
.endm

	.section .note.Xen, "a", @note
	note	XEN_ELFNOTE_GUEST_OS, .asciz "unikernel"
	note	XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note	XEN_ELFNOTE_LOADER, .asciz "generic"
	note	XEN_ELFNOTE_VIRT_BASE, .quad BASE
	note	XEN_ELFNOTE_PADDR_OFFSET, .quad BASE
	note	XEN_ELFNOTE_ENTRY, .quad start
	.section .note.GNU-stack, "", @progbits
