#!/usr/bin/env python3
"""The evaluation's figures once more, with NumPy and SciPy and none of our code: evaluation_oracle.py IN.json OUT.json.

Written from the protocols' descriptions; loops and repetition where the C++ has weights and cumulative counts.
"""
import json
import sys

import numpy as np
from scipy import stats


def roc_points(distances, same):
    """All points of the curve: one for each distance, beginning at (0, 0); counts of pairs accepted."""
    genuine, impostors = [0], [0]
    for distance in np.unique(distances):
        genuine.append(int(np.sum(distances[same] <= distance)))
        impostors.append(int(np.sum(distances[~same] <= distance)))
    return np.array(genuine), np.array(impostors)


def ten_fold(distances, same):
    accuracies, thresholds = [], np.arange(0, 4, 0.01)
    right = np.array([(distances < t) == same for t in thresholds])
    blocks = np.array_split(np.arange(len(same)), 10)
    for block in blocks:
        others = np.setdiff1d(np.arange(len(same)), block)
        best = np.argmax(right[:, others].mean(axis=1))
        accuracies.append(right[best, block].mean())
    return float(np.mean(accuracies)), float(np.std(accuracies))


def strict_tar(distances, same, far):
    """The largest TAR of all thresholds at which no more impostors pass than FAR allows."""
    genuine, impostors = roc_points(distances, same)
    allowed = np.floor(far * np.sum(~same) * (1 + 1e-12))
    if allowed < 1:
        return None
    return float(genuine[impostors <= allowed].max() / np.sum(same))


def nearest_tar(distances, same, far):
    genuine, impostors = roc_points(distances, same)
    tps, fps = genuine[1:], impostors[1:]
    if len(fps) > 2:
        keep = np.where(np.r_[True, np.logical_or(np.diff(fps, 2), np.diff(tps, 2)), True])[0]
        tps, fps = tps[keep], fps[keep]
    fpr = np.flipud(np.r_[0, fps] / np.sum(~same))
    tpr = np.flipud(np.r_[0, tps] / np.sum(same))
    return float(tpr[np.argmin(np.abs(fpr - far))])


def linear_tar(distances, same, far):
    genuine, impostors = roc_points(distances, same)
    return float(np.interp(far, impostors / np.sum(~same), genuine / np.sum(same)))


def equal_error_rate(distances, same):
    genuine, impostors = roc_points(distances, same)
    far, frr = impostors / np.sum(~same), 1 - genuine / np.sum(same)
    at = int(np.argmax(far >= frr))
    share = (frr[at - 1] - far[at - 1]) / ((far[at] - far[at - 1]) + (frr[at - 1] - frr[at]))
    return float(far[at - 1] + share * (far[at] - far[at - 1]))


def auc(distances, same):
    u = stats.mannwhitneyu(-distances[same], -distances[~same], alternative="two-sided").statistic
    return float(u / (np.sum(same) * np.sum(~same)))


def d_prime(distances, same):
    a, b = distances[same], distances[~same]
    return float(abs(a.mean() - b.mean()) / np.sqrt((a.var() + b.var()) / 2))


def intervals(distances, same, people, draws, fars, confidence):
    """Percentiles of figures of the pairs repeated as often as their people were drawn."""
    figures = {"auc": [], "equal_error_rate": [], **{f"tar{i}": [] for i in range(len(fars))}}
    for drawn in draws:
        drawn = np.array(drawn)
        own = people[:, 0] == people[:, 1]
        times = np.where(own, drawn[people[:, 0]], drawn[people[:, 0]] * drawn[people[:, 1]])
        d, s = np.repeat(distances, times), np.repeat(same, times)
        if s.all() or not s.any():
            continue
        figures["auc"].append(auc(d, s))
        figures["equal_error_rate"].append(equal_error_rate(d, s))
        for i, far in enumerate(fars):
            tar = strict_tar(d, s, far)
            if tar is not None:
                figures[f"tar{i}"].append(tar)
    edges = [50 * (1 - confidence), 50 * (1 + confidence)]
    return {name: [float(x) for x in np.percentile(values, edges)] for name, values in figures.items() if values}


def templates(images):
    plain, mirrored = np.array(images["plain"]), np.array(images["mirrored"])
    options = images["options"]
    rows = {0: plain, 1: np.concatenate([plain, mirrored], axis=1), 2: plain + mirrored}[options["flip"]]
    if not options["keep_norm"]:
        rows = rows / np.sqrt(np.sum(rows**2, axis=-1, keepdims=True))
    if options["detector_score"]:
        rows = rows * np.array(images["scores"])[:, np.newaxis]
    ids, media, out = np.array(images["templates"]), np.array(images["media"]), []
    for template in np.unique(ids):
        total = np.zeros(rows.shape[1])
        for medium in np.unique(media[ids == template]):
            total += rows[(ids == template) & (media == medium)].mean(axis=0)
        out.append(total / np.linalg.norm(total))
    return np.array(out)


def identification(probes, gallery, mates, fpirs):
    similarity = probes @ gallery.T
    order = np.argsort(-similarity, axis=1, kind="stable")
    ranks = np.array([int(np.where(order[i] == mate)[0][0]) for i, mate in enumerate(mates)])
    mate_scores = similarity[np.arange(len(mates)), mates]
    others = np.ones_like(similarity, dtype=bool)
    others[np.arange(len(mates)), mates] = False
    strangers = np.sort(similarity[others])[::-1]
    tpirs = [float(np.mean(mate_scores > strangers[int(np.ceil(len(mates) * f)) - 1])) for f in fpirs]
    return [float(np.mean(ranks < k)) for k in (1, 5, 10)] + tpirs


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        given = json.load(file)
    distances, same = np.array(given["distances"]), np.array(given["same"], dtype=bool)
    fars = given["fars"]
    fused = templates(given["images"])
    result = {
        "ten_fold": ten_fold(distances, same),
        "strict": [strict_tar(distances, same, far) for far in fars],
        "nearest": [nearest_tar(distances, same, far) for far in fars],
        "linear": [linear_tar(distances, same, far) for far in fars],
        "auc": auc(distances, same),
        "equal_error_rate": equal_error_rate(distances, same),
        "d_prime": d_prime(distances, same),
        "intervals": intervals(distances, same, np.array(given["people"]), given["draws"], fars, given["confidence"]),
        "templates": fused.tolist(),
        "identification": identification(fused[given["probes"]], fused[given["gallery"]], given["mates"], given["fpirs"]),
    }
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main()
