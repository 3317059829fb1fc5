"""Who proposes labels for unlabeled rows, which of them are kept, how they are used, and the audit of it
all.
"""
