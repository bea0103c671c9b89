// oxlint-disable unicorn/no-empty-file -- nothing: what a process costs that does nothing
