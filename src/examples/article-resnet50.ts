/**
 * The article's PyTorch listing (section 5.1), line by line: ResNet50 with ImageNet weights, a new last layer,
 * SGD with momentum, StepLR(7, 0.1), 25 epochs, validation after each.
 *
 * `node dist/examples/article-resnet50.js photos/` runs it; `attune finetune --recipe article-resnet50 photos/`
 * does the same with a run folder, checkpoints and resume.
 */
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  argmax,
  backward,
  crossEntropy,
  generator,
  imageFolder,
  loadWeights,
  normalizeImages,
  open,
  prepareTraining,
  replaceHead,
  resnet50,
  resolveWeights,
  sgd,
  stepLR,
  tensor,
} from '../index.js';

export interface ArticleOptions {
  /** Default: ImageNet weights from the catalogue; null: random values. */
  readonly weights?: string | null;
  readonly epochs?: number;
  readonly batchSize?: number;
  /** Side of the network's input. */
  readonly side?: number;
  readonly device?: 'auto' | 'webgpu' | 'cpu';
}

export interface ArticleEpoch {
  readonly loss: number;
  readonly accuracy: number;
}

/** Fine-tunes ResNet50 on a folder with train/ and val/ inside; gives the loss and validation accuracy of each epoch. */
export async function articleResnet50(data: string, options: ArticleOptions = {}): Promise<ArticleEpoch[]> {
  const { weights = 'resnet50', epochs = 25, batchSize = 4, side = 224, device: kind = 'auto' } = options;

  // model = models.resnet50(pretrained=True)
  const model = resnet50();
  if (weights !== null) await loadWeights(model, (await resolveWeights(weights)).path);

  // train_dataset = datasets.ImageFolder(...), train_loader = DataLoader(...)
  const folder = await imageFolder(data);
  const images = await prepareTraining(folder, { side, batchSize, seed: 42 });

  // model.fc = nn.Linear(num_features, num_classes)
  replaceHead(model, folder.classes.length);

  const device = await open(kind);
  await model.to(device);

  // optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
  const optimizer = sgd(model.memory, { lr: 0.001, momentum: 0.9 });
  // scheduler = StepLR(optimizer, step_size=7, gamma=0.1)
  const scheduler = stepLR(optimizer, { stepSize: 7, gamma: 0.1 });

  const random = generator(42);
  const { mean, std } = images.preprocessing;
  const input = (bytes: Uint8Array, count: number) =>
    normalizeImages(tensor(bytes, [count, side, side, 3], 'uint8'), mean, std);
  const history: ArticleEpoch[] = [];

  for (let epoch = 0; epoch < epochs; epoch++) {
    // model.train()
    let loss = 0;
    let seen = 0;
    for await (const batch of images.trainBatches(epoch)) {
      const size = batch.labels.length;
      // outputs = model(inputs); loss = criterion(outputs, labels); loss.backward()
      const batchLoss = await device.run(() => {
        const outputs = model.forward(input(batch.images, size), { random });
        const result = crossEntropy(outputs, tensor(batch.labels, [size]));
        backward(result);
        return result;
      });
      // optimizer.step(); optimizer.zero_grad()
      await device.run(() => {
        optimizer.step();
        optimizer.zeroGradients();
      });
      random.step++;
      loss += batchLoss * size;
      seen += size;
    }

    // model.eval()
    let right = 0;
    let total = 0;
    for await (const batch of images.valBatches()) {
      const size = batch.labels.length;
      const predicted = await device.run(() => argmax(model.forward(input(batch.images, size))));
      right += batch.labels.reduce((count, label, i) => count + (predicted[i] === label ? 1 : 0), 0);
      total += size;
    }
    scheduler.step();
    history.push({ loss: loss / seen, accuracy: right / total });
  }

  await images.close();
  await device.close();
  return history;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  for (const [i, { loss, accuracy }] of (await articleResnet50(argv[2])).entries()) {
    console.log(
      `epoch ${i + 1}: loss ${loss.toFixed(4)}, validation accuracy ${(100 * accuracy).toFixed(1)} %`,
    );
  }
}
