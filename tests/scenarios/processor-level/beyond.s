# GNU_PROPERTY_X86_ISA_1_NEEDED with a bit that no processor has yet.
	.section .note.gnu.property, "a", @note
	.p2align 3
	.long 4, 16, 5
	.asciz "GNU"
	.long 0xc0008002, 4, 0x8001, 0
	.section .note.GNU-stack, "", @progbits
