"""Draws captioned scenes as pictures to train adapters on: draw.py COUNT SEED FOLDER. Needs Pillow."""
import ast, os, random, sys
from pathlib import Path
from scenes import render
from scenes_grid import sample

def held_out():
    """HELD_OUT of train_base.py, without what that imports."""
    tree = ast.parse((Path(__file__).parent / "train_base.py").read_text())
    return next(ast.literal_eval(n.value) for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == "HELD_OUT")

if __name__ == "__main__":
    count, rng, out, unseen = int(sys.argv[1]), random.Random(int(sys.argv[2])), Path(sys.argv[3]), held_out()
    out.mkdir(parents=True, exist_ok=True)
    for i in range(1, count + 1):
        scene, caption = sample(rng, kinds=["one"] * 3 + ["pair"] * 3 + ["count"] * 2 + ["place"], held_out=unseen)
        render(scene).save(out / f"{i:02d}.png"); (out / f"{i:02d}.txt").write_text(caption + "\n")
