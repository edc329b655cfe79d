/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg: DMA whose descriptors are wild, or in what they overwrite, with every command and
 * length.
 */
#include "tests/hostile/plain.inc"
#define AT     0x400000
#define ROUNDS 4000

guest:	mov	$ROUNDS, %ebp
1:	call	random /* a key */
	and	$0xc03f, %eax
	mov	$0x510, %edx
	out	%ax, %dx
	call	random
	mov	%eax, %ebx
	and	$0xff0, %eax
	lea	AT(%eax), %edi /* the descriptor */
	call	random
	and	$0x1f00ffff, %eax /* its command, big-endian */
	mov	%eax, (%edi)
	call	random
	mov	%bl, %cl
	shr	%cl, %eax
	bswap	%eax
	mov	%eax, 4(%edi)
	xor	%eax, %eax
	test	$0xf0000, %ebx
	jnz	2f
	call	random
2:	mov	%eax, 8(%edi)
	call	random
	test	$0xf00000, %ebx /* as a rule to where the descriptors are */
	jz	3f
	and	$0xfff, %eax
	add	$AT, %eax
3:	bswap	%eax
	mov	%eax, 12(%edi)
	mov	$0x514, %edx
	xor	%eax, %eax
	test	$0xf000000, %ebx
	jnz	4f
	call	random
4:	out	%eax, %dx
	mov	$0x518, %edx
	mov	%edi, %eax
	test	$0xf0000000, %ebx
	jnz	5f
	call	random
5:	bswap	%eax
	out	%eax, %dx
	count
	dec	%ebp
	jnz	1b
	mov	$AT, %esi /* a transfer for each word of memory, from behind its end on */
	mov	$0x518, %edx
	mov	$0x1000, %ecx
	rep outsl
	ret
