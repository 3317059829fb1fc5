"""A phrase book that is generated from a grammar: sentences in English, with their exact German and
Chinese.
"""
