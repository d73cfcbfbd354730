"""The commands of ``synthesis``, a module a family."""
