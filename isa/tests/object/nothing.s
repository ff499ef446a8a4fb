// A file without anything but code.
s_endpgm
