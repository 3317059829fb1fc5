"""The words of the phrase book: of each its English, its German with gender and forms, and its Chinese."""

from __future__ import annotations

from typing import NamedTuple


class Thing(NamedTuple):
    """A noun; measure: the Chinese word that counts it."""

    english: str
    englishes: str
    german: str
    germans: str
    gender: str
    chinese: str
    measure: str


class Place(NamedTuple):
    english: str
    german: str
    gender: str
    chinese: str


class Verb(NamedTuple):
    """Forms: see, sees, saw; sehen, sieht, gesehen; 看见."""

    english: str
    english_s: str
    english_past: str
    german: str
    german_t: str
    german_past: str
    chinese: str


class Word(NamedTuple):
    english: str
    german: str
    chinese: str


THINGS = [
    Thing(*line.split())
    for line in """
car cars Auto Autos n 车 辆
book books Buch Bücher n 书 本
map maps Karte Karten f 地图 张
coat coats Mantel Mäntel m 大衣 件
lamp lamps Lampe Lampen f 灯 盏
table tables Tisch Tische m 桌子 张
chair chairs Stuhl Stühle m 椅子 把
bicycle bicycles Fahrrad Fahrräder n 自行车 辆
house houses Haus Häuser n 房子 座
dog dogs Hund Hunde m 狗 只
cat cats Katze Katzen f 猫 只
picture pictures Bild Bilder n 画 幅
bag bags Tasche Taschen f 包 个
ring rings Ring Ringe m 戒指 枚
letter letters Brief Briefe m 信 封
cup cups Tasse Tassen f 杯子 个
key keys Schlüssel Schlüssel m 钥匙 把
watch watches Uhr Uhren f 手表 块
hat hats Hut Hüte m 帽子 顶
knife knives Messer Messer n 刀 把
ball balls Ball Bälle m 球 个
newspaper newspapers Zeitung Zeitungen f 报纸 份
boat boats Boot Boote n 船 条
flower flowers Blume Blumen f 花 朵
""".strip().splitlines()
]
PLACES = [
    Place(*line.split("|"))
    for line in """
station|Bahnhof|m|火车站
museum|Museum|n|博物馆
church|Kirche|f|教堂
school|Schule|f|学校
bank|Bank|f|银行
market|Markt|m|市场
park|Park|m|公园
hotel|Hotel|n|酒店
hospital|Krankenhaus|n|医院
library|Bibliothek|f|图书馆
theater|Theater|n|剧院
airport|Flughafen|m|机场
harbor|Hafen|m|港口
bakery|Bäckerei|f|面包店
pharmacy|Apotheke|f|药店
town hall|Rathaus|n|市政厅
zoo|Zoo|m|动物园
castle|Schloss|n|城堡
university|Universität|f|大学
restaurant|Restaurant|n|餐馆
factory|Fabrik|f|工厂
swimming pool|Schwimmbad|n|游泳池
""".strip().splitlines()
]
# The German stem that takes an ending.
ADJECTIVES = [
    Word(*line.split())
    for line in """
red rot 红色的
old alt 旧的
new neu 新的
small klein 小的
big groß 大的
green grün 绿色的
blue blau 蓝色的
beautiful schön 漂亮的
heavy schwer 重的
cheap billig 便宜的
expensive teur 贵的
black schwarz 黑色的
white weiß 白色的
strange seltsam 奇怪的
""".strip().splitlines()
]
VERBS = [
    Verb(*line.split("|"))
    for line in """
buy|buys|bought|kaufen|kauft|gekauft|买
sell|sells|sold|verkaufen|verkauft|verkauft|卖
see|sees|saw|sehen|sieht|gesehen|看见
find|finds|found|finden|findet|gefunden|找到
look for|looks for|looked for|suchen|sucht|gesucht|找
lose|loses|lost|verlieren|verliert|verloren|丢
bring|brings|brought|bringen|bringt|gebracht|带来
draw|draws|drew|zeichnen|zeichnet|gezeichnet|画
forget|forgets|forgot|vergessen|vergisst|vergessen|忘记
clean|cleans|cleaned|putzen|putzt|geputzt|擦
paint|paints|painted|malen|malt|gemalt|涂
steal|steals|stole|stehlen|stiehlt|gestohlen|偷
""".strip().splitlines()
]
PEOPLE = [
    Word(*line.split("|"))
    for line in """
my brother|mein Bruder|我哥哥
my sister|meine Schwester|我姐姐
my mother|meine Mutter|我妈妈
my father|mein Vater|我爸爸
the teacher|die Lehrerin|老师
the doctor|der Arzt|医生
the neighbor|der Nachbar|邻居
my friend|mein Freund|我朋友
the child|das Kind|孩子
her grandmother|ihre Großmutter|她奶奶
our uncle|unser Onkel|我们叔叔
the student|der Student|学生
the farmer|der Bauer|农民
his daughter|seine Tochter|他女儿
""".strip().splitlines()
]
PAST = [
    Word(*line.split("|"))
    for line in """
yesterday|gestern|昨天
last week|letzte Woche|上个星期
this morning|heute Morgen|今天早上
two days ago|vor zwei Tagen|两天前
last year|letztes Jahr|去年
""".strip().splitlines()
]
FUTURE = [
    Word(*line.split("|"))
    for line in """
tomorrow|morgen|明天
next week|nächste Woche|下个星期
this evening|heute Abend|今天晚上
in three days|in drei Tagen|三天后
next year|nächstes Jahr|明年
""".strip().splitlines()
]
MODALS = [Word("wants to", "will", "想"), Word("must", "muss", "必须"), Word("can", "kann", "能")]
BELIEFS = [
    Word("I know that", "Ich weiß, dass", "我知道"),
    Word("We believe that", "Wir glauben, dass", "我们相信"),
    Word("She says that", "Sie sagt, dass", "她说"),
    Word("Everybody hopes that", "Alle hoffen, dass", "大家都希望"),
]
PREPOSITIONS = [
    Word("behind", "hinter", "后面"),
    Word("in front of", "vor", "前面"),
    Word("next to", "neben", "旁边"),
    Word("opposite", "gegenüber", "对面"),
]
SIDES = [Word("left", "links", "左"), Word("right", "rechts", "右")]
WEEKDAYS = [
    Word(*line.split())
    for line in """
Monday Montag 星期一
Tuesday Dienstag 星期二
Wednesday Mittwoch 星期三
Thursday Donnerstag 星期四
Friday Freitag 星期五
Saturday Samstag 星期六
Sunday Sonntag 星期日
""".strip().splitlines()
]
MONTHS = [
    (english, german)
    for english, german in zip(
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        strict=True,
    )
]
EVENTS = [
    Word("Her birthday", "Ihr Geburtstag", "她的生日"),
    Word("Our wedding", "Unsere Hochzeit", "我们的婚礼"),
    Word("My exam", "Meine Prüfung", "我的考试"),
    Word("His holiday", "Sein Urlaub", "他的假期"),
    Word("The concert", "Das Konzert", "音乐会"),
]
VEHICLES = [
    Word("Our train", "Unser Zug", "我们的火车"),
    Word("The bus", "Der Bus", "公共汽车"),
    Word("The ship", "Das Schiff", "轮船"),
    Word("The last train", "Der letzte Zug", "末班火车"),
]
SUMS = [
    Word("The answer", "Die Antwort", "答案"),
    Word("My number", "Meine Nummer", "我的号码"),
    Word("The result", "Das Ergebnis", "结果"),
    Word("The sum", "Die Summe", "总数"),
]
GOODS = [
    Word("The bread", "Das Brot", "面包"),
    Word("The cheese", "Der Käse", "奶酪"),
    Word("The milk", "Die Milch", "牛奶"),
    Word("The coffee", "Der Kaffee", "咖啡"),
    Word("The soup", "Die Suppe", "汤"),
    Word("The ticket", "Die Fahrkarte", "车票"),
]
COINS = [
    Word("dollars", "Dollar", "美元"),
    Word("francs", "Franken", "法郎"),
    Word("pounds", "Pfund", "英镑"),
]
