# The guest that KvmProbe.cs runs: 16 bits, 32 bits, paging and 64 bits, then one interrupt of the timer, whose handler writes to the debug exit port.
# It lies at the start of a ROM of 64 KiB below 1 MiB.
.set rom, 0xF0000
.code16
start: cli
 lgdtl %cs:gdtp - start
 mov %cr0, %eax
 or $1, %al
 mov %eax, %cr0
 ljmpl $8, $(rom + protected - start)
.code32
protected: mov $16, %eax
 mov %eax, %ds
 mov %eax, %es
 mov %eax, %ss
 mov $0x7000, %esp
 movl $0x1FF, 0xFEE000F0
 movl $0x700, 0xFEE00350
 mov $0x1000, %edi
 xor %eax, %eax
 mov $0x1400, %ecx
 rep stosl
 movl $0x2003, 0x1000
 movl $0x3003, 0x2000
 movl $0x83, 0x3000
 mov %cr4, %eax
 or $0x20, %eax
 mov %eax, %cr4
 mov $0x1000, %eax
 mov %eax, %cr3
 mov $0xC0000080, %ecx
 rdmsr
 or $0x100, %eax
 wrmsr
 mov %cr0, %eax
 or $0x80000000, %eax
 mov %eax, %cr0
 ljmp $24, $(rom + long - start)
.code64
long: movw $(handler - start), 0x5200
 movw $24, 0x5202
 movl $0x000F8E00, 0x5204
 mov $(rom + idtp - start), %ebx
 lidt (%rbx)
 mov $0x11, %al
 out %al, $0x20
 mov $0x20, %al
 out %al, $0x21
 mov $4, %al
 out %al, $0x21
 mov $1, %al
 out %al, $0x21
 mov $0xFE, %al
 out %al, $0x21
 mov $0x30, %al
 out %al, $0x43
 mov $0xA9, %al
 out %al, $0x40
 mov $4, %al
 out %al, $0x40
 sti
wait: hlt
 jmp wait
handler: mov $0x10, %al
 out %al, $0xF4
 jmp wait
gdt: .quad 0, 0x00CF9A000000FFFF, 0x00CF92000000FFFF, 0x00AF9A000000FFFF
gdtp: .word 31
 .long rom + gdt - start
idtp: .word 0xFFF
 .quad 0x5000
