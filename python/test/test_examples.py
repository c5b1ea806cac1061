"""The README's lines as they stand and, where nbclient, scikit-learn and matplotlib are there, the notebooks of examples/."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

import paydirt

ROOT = pathlib.Path(__file__).resolve().parents[2]
try:
    import matplotlib  # noqa: F401
    import nbformat
    import sklearn  # noqa: F401
    from nbclient import NotebookClient
except ImportError as e:
    NotebookClient = None
    print("[  SKIPPED ] %d test(s): notebooks: %s" % (len(list((ROOT / "examples").glob("*.ipynb"))), e))


class Examples(unittest.TestCase):
    def test_readme(self):
        code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S).group(1)
        names = {}
        exec(code, names)  # noqa: S102
        self.assertEqual((names["x"].shape, names["rows"].shape), ((64, 32, 32, 1), (100,)))

    @unittest.skipUnless(NotebookClient, "no nbclient, scikit-learn or matplotlib")
    def test_notebooks(self):
        os.environ["PYTHONPATH"] = os.pathsep.join([str(pathlib.Path(paydirt.__file__).parents[1]), *sys.path])
        for path in sorted((ROOT / "examples").glob("*.ipynb")):
            with self.subTest(path.name), tempfile.TemporaryDirectory() as folder:
                book = nbformat.read(path, 4)
                self.assertGreater(len(book.cells), 5)
                NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()


if __name__ == "__main__":
    unittest.main()
