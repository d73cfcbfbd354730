"""The commands of ``synthesis`` that need more than a few lines, a module a family; the others stand in ``cli``."""
