/* The boot sector of a disk without an operating system: prints the text in the second sector on the first serial
 * port, and waits. */
	.code16
	ljmp	$0, $1f
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	cld
	movw	%dx, %bp /* the disk's number, from the BIOS */
	movw	$hello, %si
	call	print
	movw	$0x0201, %ax /* int 13h: read one sector */
	movw	$0x0002, %cx /* cylinder 0, sector 2 */
	movw	%bp, %dx
	movb	$0, %dh
	movw	$0x7e00, %bx
	int	$0x13
	movw	$bad, %si
	jc	2f
	movw	$0x7e00, %si
2:	call	print
	movw	$end, %si
	call	print
	sti /* halted without interrupts, the domain would end */
3:	hlt
	jmp	3b

print:
	lodsb
	testb	%al, %al
	jz	2f
	movb	%al, %ah
	movw	$0x3fd, %dx
1:	inb	%dx, %al
	testb	$0x20, %al /* room for a byte */
	jz	1b
	movw	$0x3f8, %dx
	movb	%ah, %al
	outb	%al, %dx
	jmp	print
2:	ret

hello:	.asciz "SECTOR text "
bad:	.asciz "unreadable"
end:	.asciz "\r\nSECTOR READY\r\n"
	.org	510
	.word	0xaa55
