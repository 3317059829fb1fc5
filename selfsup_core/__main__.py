"""`python -m selfsup_core …`"""

from selfsup_core.cli.main import main

main()
