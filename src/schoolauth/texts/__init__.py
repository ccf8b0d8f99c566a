"""Every sentence that the library says to people, by a code and its facts.

A file has the sentences of one topic and one function that makes them. Codes and facts are plain,
JSON-ready values, so that a sentence can be made again, or in other words, wherever they are kept.
What the command line says of its own options, and what is for developers, is not here.
"""
