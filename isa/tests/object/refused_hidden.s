// A hidden symbol that is not defined.
    .hidden nowhere
    .data
    .quad nowhere
