"""A generated data set in the layout of the real one: as untidy, but free to publish.

``plan`` decides every post from the sizes and the seed, ``words`` and ``pictures`` make what the
plan asks for, and ``write`` puts it into files.
"""
