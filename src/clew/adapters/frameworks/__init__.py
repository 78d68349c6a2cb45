"""What clew knows of frameworks: how their values are named by content.

Facts added: the content ids of tables, sparse arrays, estimators and tensors. Each module
registers handlers when it is imported, which happens when the first such value shows up.
"""
