# $(BUILD)/boot/cairnboot.efi: a freestanding EFI program, built with gnu-efi; the same bytes wherever it is built.
EFI_WARN  := $(WARN)
EFI_FLAGS := -std=gnu11 -O2 -fpic -ffreestanding -fno-stack-protector -fno-strict-aliasing -fshort-wchar -mno-red-zone \
             -DGNU_EFI_USE_MS_ABI -ffile-prefix-map=$(CURDIR)=. \
             -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -isystem /usr/include/efi/protocol
EFI_OBJS  := $(BUILD)/obj/efi/cairnboot.o $(BUILD)/obj/efi/eventlog.o

$(BUILD)/obj/efi/%.o: src/boot/efi/%.c src/boot/efi/eventlog.h src/boot/efi/tcg2.h
	$(call say,EFICC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(EFI_FLAGS) $(EFI_WARN) -c -o $@ $<

# objcopy writes the time of day into the PE header (4 bytes, 8 behind the signature): zeros instead.
$(BUILD)/boot/cairnboot.efi: $(EFI_OBJS)
	$(call say,EFILD,$@)
	$(Q)mkdir -p $(@D) && ld -nostdlib -znocombreloc -shared -Bsymbolic --build-id=none -T /usr/lib/elf_x86_64_efi.lds \
	  /usr/lib/crt0-efi-x86_64.o $^ -o $(BUILD)/obj/efi/cairnboot.so -L/usr/lib -lgnuefi -lefi
	$(Q)objcopy -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j .rel -j .rela -j '.rel.*' -j '.rela.*' -j .reloc \
	  --target efi-app-x86_64 --subsystem=10 $(BUILD)/obj/efi/cairnboot.so $@
	$(Q)pe=$$(od -An -tu4 -j60 -N4 $@) && printf '\0\0\0\0' | dd of=$@ bs=1 seek=$$((pe + 8)) conv=notrunc status=none

