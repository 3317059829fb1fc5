"""`python -m selfsup_core …`"""

from selfsup_core.cli import main

main()
