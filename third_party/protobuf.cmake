# Protocol Buffers: the schema of the text channel (src/proto). Floor 3.21, Debian 12's. BSD-3-Clause.
# The lite runtime: no reflection, no descriptors. May link: proto and who uses its messages.
sotto_pkg(protobuf protobuf-lite>=3.21)
find_program(PROTOC_PROGRAM protoc REQUIRED)
